/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* blobs/sha256/HEX: small documents by digest, as they came: configs, manifests, indexes. */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "store/store.h"

/** Keep `data`, whose digest is `hex`, durably. Sound bytes that are there already are left alone;
 *  damaged ones are replaced. */
int blob_write(const struct store *store, const char *hex, const struct buf *data, struct err *err);

/**
 * Read one, appended to `out`, which is empty; its digest is checked.
 * @what  names it in errors: "the config of image 0123456789ab"
 * @return 0; -1 ERR_NOT_FOUND, ERR_INVALID when it is damaged or larger than `max_bytes`
 */
int blob_read(const struct store *store, const char *hex, const char *what, size_t max_bytes,
	      struct buf *out, struct err *err);

/** Take one away, if it is there. */
void blob_remove(const struct store *store, const char *hex);
