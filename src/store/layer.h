/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Layers: unpacked once, keyed by chain id, shared read-only by every container.
 * layers/NAME/fs is the tree as overlayfs wants it (whiteouts, opaque markers), layers/NAME/recipe
 * tells how its archive is put together again (unpack/recipe.h). NAME is short, so that hundreds
 * fit in a mount call.
 * Source: OCI image-spec config.md "Layer ChainID"
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/strv.h"
#include "store/store.h"

#include <stdint.h>

/** ChainID of a layer on top of `parent_chain` ("" for the first). Hex digits. */
void layer_chain_id(const char *parent_chain, const char *diff_id, char out[DIGEST_HEX_SIZE]);

#define LAYER_NAME_LEN 12 /* more only when two chain ids begin alike */

struct layer_info {
	char chain_id[DIGEST_HEX_SIZE], diff_id[DIGEST_HEX_SIZE];
	uint64_t size_bytes;
	uint64_t created_ns;
};

/** Read a committed layer's record. ERR_NOT_FOUND; ERR_INVALID when it is damaged. */
int layer_info(const struct store *store, const char *name, struct layer_info *out,
	       struct err *err);

/**
 * Open a committed layer: its directory and its recipe.
 * @return 0; -1 ERR_NOT_FOUND, or ERR_SYSTEM when a part of it is missing
 */
int layer_open(const struct store *store, const char *name, int *out_dir_fd, int *out_recipe_fd,
	       struct err *err);

/** @return owned name of the committed layer with this chain id, or NULL when there is none */
char *layer_find(const struct store *store, const char *chain_id);

/**
 * Move the layer with this chain id into quarantine/, with a warning, if a part of it is missing or
 * its record is damaged: whoever brings it again gets the name, and all its images are whole.
 */
int layer_set_damaged_aside(const struct store *store, const char *chain_id, struct err *err);

/**
 * Hold this while an image is being put together from layers that no image has yet: no layer is
 * deleted meanwhile. Many may hold it; it dies with its owner.
 * @return owned fd whose close ends it, or -1
 */
int layer_lease(const struct store *store, struct err *err);

/** A layer being unpacked: a private directory that no command sees yet. */
struct layer_staging {
	int dir_fd;    /* the future fs/, mode 0755 until the unpacker sets the root entry's */
	int recipe_fd; /* the future recipe: empty, read and write */
	int lock_fd;   /* held while we live: frees the staging directory when we die */
	char name[ID_SIZE];
};

/** Begin. The intent is on disk before the first byte: recovery deletes what a dead owner left. */
int layer_stage(const struct store *store, struct layer_staging *out, struct err *err);

/**
 * Commit: syncfs, rename, directory fsync, record. If another process committed the same chain
 * meanwhile, ours is dropped and its name returned. On failure the staging is still the caller's
 * to abort.
 * @return owned name or NULL
 */
char *layer_commit(const struct store *store, struct layer_staging *staging, const char *chain_id,
		   const char *diff_id, uint64_t size_bytes, struct err *err);

/** Drop it. NULL-safe on a zeroed or committed staging. */
void layer_abort(const struct store *store, struct layer_staging *staging);

/**
 * Delete committed layers that no image reaches, if nobody holds a lease, and left-over configs and
 * manifests.
 * @out_removed  gets "sha256:DIFF_ID" of each; may be NULL
 * @out_bytes    grows by their sizes; may be NULL
 */
int layer_sweep(const struct store *store, struct strv *out_removed, uint64_t *out_bytes,
		struct err *err);
