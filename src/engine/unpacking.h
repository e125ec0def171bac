/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What load, pull, import and commit share: layers from workers into the store. */
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

/** Committed layers, bottom first and at least one, as a container would see them: a read-only
 *  mount. @return owned fd or -1 */
int unpacking_view(const struct store *store, const struct strv *names, struct err *err);

/**
 * Unpack a layer on top of the stack, commit it and put it there. layer->dir_fd, lower_fd and
 * recipe_fd are set here. On failure nothing stays of it.
 */
int unpacking_layer(const struct unpacking *unpacking, const struct engine *engine,
		    struct unpack_layer *layer, struct unpacking_stack *stack,
		    struct unpack_totals *out, struct err *err);

enum unpacking_state {
	UNPACKING_WAITS,     /* its turn has not come */
	UNPACKING_IS_THERE,  /* the store has it: nothing is read */
	UNPACKING_RUNS,      /* bytes are read and become files */
	UNPACKING_IS_FILLED, /* unpacked; waits for the layers below */
	UNPACKING_IS_DONE,   /* committed */
};

/** What the owner of a set of layers is asked and told; `index` counts from the bottom. */
struct unpacking_hooks {
	void *arg;

	/**
	 * The turn of a layer has come, the lower ones first: say where its bytes are, by
	 * layer->blob_fd (given away), is_region, offset, length, digest (borrowed until the end).
	 * Not called for layers that the store has. The bytes of a layer may be left unread for as
	 * long as lower layers need: their source must not stand still meanwhile.
	 */
	int (*open)(void *arg, size_t index, struct unpack_layer *layer, struct err *err);

	/**
	 * A layer's bytes have all been read and found good, or its worker has failed. NULL: that
	 * is all there is to know.
	 * @return 1 the source says so too; 0 not known yet (asked again after the next `step`);
	 *         -1 the source failed: its error counts, and not the worker's
	 */
	int (*check)(void *arg, size_t index, struct err *err);

	/** Told at each change of state and every few MiB read; NULL: nobody wants to know. */
	void (*progress)(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes);

	/** Waited for besides the workers: when `fd` (borrowed, perhaps an epoll descriptor) is
	 *  readable, `step` is called; it must not block. An error ends everything. */
	bool has_fd;
	int fd;
	int (*step)(void *arg, struct err *err);
};

/**
 * Unpack the layers of an image, several at a time and each for itself, and commit them bottom to
 * top onto an empty stack. Layers that the store has are not read. On failure no worker runs any
 * more; layers that were committed stay, for whoever tries again, until the next sweep.
 * @diff_ids  bottom first; hex digits
 */
int unpacking_layers(const struct unpacking *unpacking, const struct engine *engine,
		     const struct strv *diff_ids, const struct unpacking_hooks *hooks,
		     struct unpacking_stack *stack, struct err *err);
