/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Images: a config, a stack of layers, and the names that lead to them. */
#include "base/digest.h"
#include "base/err.h"
#include "base/strv.h"
#include "oci/image_config.h"
#include "store/manifest.h"
#include "store/store.h"

#include <stdint.h>

struct image {
	char id[DIGEST_HEX_SIZE]; /* digest of the config's bytes */
	struct image_config config;
	struct strv layers;  /* layer names, bottom first: directories layers/NAME/fs */
	struct strv names;   /* "docker.io/library/debian:12", normalised; see image_find */
	struct strv digests; /* "docker.io/library/debian@sha256:...": how registries know it */
	uint64_t size_bytes; /* of all layers, unpacked */
	uint64_t created_ns; /* realtime; 0 unknown */
};

void image_done(struct image *image);

/**
 * Find an image by "name[:tag]" (Docker's short forms), "name@sha256:..." of a manifest or an
 * index (a tag beside it means nothing), or an id or an unambiguous prefix of one. This is on the
 * path of a start: two small files are read, so `names` and `digests` hold only the name it was
 * found by (none by id); image_load_names brings the rest.
 *
 * @return 0; -1 ERR_NOT_FOUND "no such image: X", ERR_CONFLICT for an ambiguous prefix
 */
int image_find(const struct store *store, const char *reference, struct image *out,
	       struct err *err);

/** Replace image->names and image->digests by all there are. Reads all refs: for inspect. */
int image_load_names(const struct store *store, struct image *image, struct err *err);

/** The config's original bytes (their digest, the id, is checked). Errors as image_load_config. */
int image_read_config(const struct store *store, const char *id, struct buf *out, struct err *err);

/**
 * The whole config with its history, from the bytes it was loaded with (their digest is checked).
 * @return 0, or -1: ERR_INVALID when they are damaged, ERR_NOT_FOUND when they are gone
 */
int image_load_config(const struct store *store, const char *id, struct image_config *out,
		      struct err *err);

struct image_list {
	struct image *items;
	size_t len;
};
void image_list_done(struct image_list *list);

/** All images, newest first. A damaged record is skipped with a warning (warn_say). */
int image_list(const struct store *store, struct image_list *out, struct err *err);

/**
 * Record an image whose layers are all committed, and point names at it (may be none).
 * @config_json  the config's original bytes: their digest is the id
 */
int image_add(const struct store *store, const void *config_json, size_t config_len,
	      const struct strv *layers, const struct strv *names, char out_id[DIGEST_HEX_SIZE],
	      struct err *err);

/** An image as a registry had it. */
struct image_pulled {
	const struct buf *config;  /* original bytes */
	const struct strv *layers; /* committed, bottom first */
	const char *repository;    /* "docker.io/library/debian" */
	const char *tag;           /* NULL: pulled by digest, it gets no name */
	const struct manifest *manifest;
	const struct buf *manifest_bytes, *index_bytes; /* original; the latter may be NULL */
};

/**
 * As image_add, and keep the manifest (and the index) it came by. The image can then be found by
 * "repository@sha256:..." of the index, or of the manifest when there was none. What is there
 * already is left as it is, unless it is damaged.
 */
int image_add_pulled(const struct store *store, const struct image_pulled *pulled,
		     char out_id[DIGEST_HEX_SIZE], struct err *err);

/** What a name that is to be given to an image is in full. Owned.
 *  @return 0, or -1 ERR_INVALID: no name, or a digest, which nobody can give */
int image_full_name(const char *name, char **out, struct err *err);

/** Point one more name at an image. A name that pointed elsewhere moves. */
int image_tag(const struct store *store, const char *id, const char *name, struct err *err);

/** Outcome of image_remove, for "Untagged: ..." and "Deleted: ..." */
struct image_removed {
	struct strv untagged, deleted; /* names; "sha256:..." of image and layers */
	uint64_t freed_bytes;          /* of the layers */
};
void image_removed_done(struct image_removed *removed);

/**
 * Docker's rmi: a name goes, and with the last tag of a repository what that repository's digests
 * called it; the last name takes the image and its unshared layers along. By id: refused
 * (ERR_CONFLICT) with several names unless `force`. An image used by a container is
 * refused (ERR_CONFLICT naming it). With `force` only a running container is in the way; a stopped
 * one keeps the image, which loses its names. Layers that a load holds a lease on stay for a later
 * layer_sweep.
 */
int image_remove(const struct store *store, const char *reference, bool force,
		 struct image_removed *out, struct err *err);

/**
 * Remove an image that no container uses, with all its names (`with_names`), or only if it has
 * none; asked under the lock. What becomes free is deleted by the next layer_sweep.
 * @out  grows
 * @return 1; 0 when it has to stay, or is gone; -1
 */
int image_prune(const struct store *store, const char *id, bool with_names,
		struct image_removed *out, struct err *err);
