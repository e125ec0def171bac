/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How registries had an image: the manifest that brought it, and the index that was chosen from.
 * manifests/IMAGE.MANIFEST[.INDEX] (digests) is one record: its name says what leads to which image
 * and keeps the blobs of both, which are the registry's bytes as they came. Never changed; goes
 * with its image.
 * Source: OCI image-spec manifest.md, image-index.md
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

#define MANIFEST_BYTES_MAX (4u << 20)
#define MANIFEST_TYPE_SIZE 128

/** A descriptor. */
struct manifest_blob {
	char media_type[MANIFEST_TYPE_SIZE];
	char digest[DIGEST_HEX_SIZE]; /* "": there is none */
	uint64_t size;
};

struct manifest {
	struct manifest_blob self;   /* of one platform */
	struct manifest_blob index;  /* that it was chosen from, if any */
	struct manifest_blob config; /* its digest is the image's id */
	struct manifest_blob
		*layers; /* compressed, as the registry has them; bottom first; owned */
	size_t layers_len;
};
void manifest_done(struct manifest *manifest);

/** The digest by which its registry's clients know it: of the index, or its own. Borrowed. */
const char *manifest_digest(const struct manifest *manifest);

/**
 * Keep a manifest of an image, durably, with its bytes and those of its index (NULL: it has none).
 * Under the shared store lock, before the image's record is written.
 * @return 0; -1 ERR_INVALID when bytes are not what their descriptor says
 */
int manifest_write(const struct store *store, const struct manifest *manifest,
		   const struct buf *bytes, const struct buf *index_bytes, struct err *err);

struct manifest_list {
	struct manifest *items;
	size_t len;
};
void manifest_list_done(struct manifest_list *list);

/** All manifests of an image; none for an image that was loaded, imported or built. A damaged
 *  record goes to quarantine/ with a warning. */
int manifest_list(const struct store *store, const char *image_id, struct manifest_list *out,
		  struct err *err);

/** Read one record, a file in manifests/, as it is: nothing is moved to quarantine/. ERR_INVALID
 *  when it is damaged. */
int manifest_load(const struct store *store, const char *name, struct manifest *out,
		  struct err *err);

/**
 * The original bytes of a manifest or an index, appended to `out`; their digest is checked.
 * @return 0; -1 ERR_NOT_FOUND, ERR_INVALID when they are damaged (naming it, with a hint)
 */
int manifest_read(const struct store *store, const struct manifest_blob *blob, struct buf *out,
		  struct err *err);

/** @return 1 with the id of an image that came by a manifest or an index of this digest, 0 none */
int manifest_find(const struct store *store, const char *digest, char out_id[DIGEST_HEX_SIZE]);

/**
 * Take away what belongs to no image: manifests, and blobs that nothing names. Under the exclusive
 * store lock.
 */
int manifest_sweep(const struct store *store, struct err *err);
