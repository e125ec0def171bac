/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How an image was made, step by step. */
#include "base/err.h"
#include "store/image.h"

#include <stdint.h>

struct engine;

struct history_step {
	const struct image_step *step; /* NULL: a layer that the history says nothing of */
	uint64_t size_bytes;           /* of its layer's files; 0 without a layer */
};

struct history {
	char id[DIGEST_HEX_SIZE]; /* of the image: what the last step made */
	struct image_config config;
	struct history_step *steps; /* the last step first, as Docker has it */
	size_t len;
};
void history_done(struct history *history);

/**
 * Source: OCI image-spec config.md "history": entries with empty_layer have no layer, the others
 * have one each, in order. Layers beyond the history come last, without a step.
 * @return 0, or -1: ERR_NOT_FOUND, ERR_INVALID for a damaged image
 */
int engine_history(struct engine *engine, const char *reference, struct history *out,
		   struct err *err);
