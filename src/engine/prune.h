/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Taking away what nobody uses. */
#include "base/err.h"
#include "store/image.h"

#include <stdbool.h>

struct engine;

struct prune_images {
	bool with_names; /* also those that have a name */
	/* Is it to go, as far as the caller can say? */
	bool (*is_wanted)(const void *arg, const struct image *image);
	const void *arg;
};

/**
 * image prune: images that no container uses, with their layers: Layers that no image
 * has go, too.
 * @out  grows while it works: also on failure it says what was removed
 */
int engine_prune_images(struct engine *engine, const struct prune_images *which,
			struct image_removed *out, struct err *err);
