/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What load and import share: a layer from the worker into the store. */
#include "base/err.h"
#include "base/strv.h"
#include "engine/engine.h"
#include "unpack/drive.h"

/** The worker as `unpack_run` wants it. `path` is owned: unpacking_done. */
struct unpacking {
	struct unpack_run run;
	char *path;
};
void unpacking_init(struct unpacking *unpacking, const struct engine *engine);
void unpacking_done(struct unpacking *unpacking);

/** An empty file in the store's staging directory that has no name. @return owned fd or -1 */
int unpacking_spool(const struct engine *engine, struct err *err);

/** A stack of layers that grows; zero-initialise it. */
struct unpacking_stack {
	struct strv names;              /* committed, bottom first */
	char chain_id[DIGEST_HEX_SIZE]; /* of the topmost; "" while empty */
};
void unpacking_stack_done(struct unpacking_stack *stack);

/** Put a layer that the store has on the stack. @return false when it has none like that */
bool unpacking_find(const struct engine *engine, struct unpacking_stack *stack,
		    const char *diff_id);

/**
 * Unpack a layer on top of the stack, commit it and put it there. layer->dir_fd, lower_fd and
 * recipe_fd are set here. On failure nothing stays of it.
 */
int unpacking_layer(const struct unpacking *unpacking, const struct engine *engine,
		    struct unpack_layer *layer, struct unpacking_stack *stack,
		    struct unpack_totals *out, struct err *err);
