/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From an archive to images: docker-archive (manifest.json) and OCI layouts (index.json, also
 * nested, with platforms).
 * Source: OCI image-spec image-layout.md, manifest.md, image-index.md; the manifest.json of
 * `docker save`
 */
#include "base/err.h"
#include "base/strv.h"
#include "unpack/archive.h"

#include <stddef.h>

struct manifest_image {
	const char *config; /* the original bytes */
	size_t config_len;
	struct strv names;
	struct unpack_layer_ref layers[UNPACK_LAYERS_MAX]; /* bottom first */
	size_t layers_len;
};

/** Told each image. @return 0 or -1 to stop */
typedef int manifest_image_fn(void *arg, const struct manifest_image *image, struct err *err);

/** Find the images of this machine's platform. ERR_INVALID when there is none. */
int manifest_read(struct archive *archive, manifest_image_fn *found, void *arg, struct err *err);
