/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What takes how much of the disk, and what keeps it there. Sizes are of files' contents. */
#include "base/err.h"
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"

#include <stddef.h>
#include <stdint.h>

struct engine;

struct usage_image {
	uint64_t shared_bytes, unique_bytes; /* of its layers: others have them, too, or not */
	size_t containers;                   /* that use it */
};

struct usage_layer {
	char *name; /* owned */
	char diff_id[DIGEST_HEX_SIZE];
	uint64_t size_bytes;
	size_t images;  /* that have it; 0: the next sweep takes it */
	bool is_active; /* one of them has a container */
};

/** What belongs to no object. */
struct usage_rest {
	char *path;         /* below the root; owned */
	const char *reason; /* static storage */
	uint64_t size_bytes;
};

struct usage {
	struct image_list images;
	struct usage_image *of_images; /* index by index */
	struct container_list containers;
	uint64_t *container_bytes; /* likewise: of what it wrote */
	struct usage_layer *layers;
	size_t layers_len;
	struct usage_rest *rest;
	size_t rest_len;
};
void usage_done(struct usage *usage);

/** Measure. Containers' directories are walked, the rest is on record. @return 0 or -1 */
int engine_usage(struct engine *engine, struct usage *out, struct err *err);

/** Does this image have this layer? */
bool usage_has_layer(const struct image *image, const struct usage_layer *layer);
