/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Images out: an archive that is a docker-archive and an OCI layout at once. */
#include "base/err.h"
#include "base/strv.h"
#include "engine/load.h"

struct engine;

/**
 * Write images as one tar: blobs/sha256/ with configs, manifests and layers (not compressed, as
 * they came: DiffIDs are checked while they are written), index.json for OCI, manifest.json for
 * Docker. The same images give the same bytes each time.
 *
 * @references  names, ids; a name without a tag stands for all its tags, as with Docker
 * @out_fd      gets the archive; what was written when it fails is no archive
 * @return 0, or -1: ERR_NOT_FOUND, ERR_INVALID for a layer whose files are not what they were
 * Source: OCI image-spec image-layout.md; the manifest.json of `docker save`
 */
int engine_save(struct engine *engine, const struct strv *references, int out_fd,
		load_progress *progress, void *arg, struct err *err);
