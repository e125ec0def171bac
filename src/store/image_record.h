/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* images/HEX: the record of one image, and how a damaged one is made again from its config. */
#include "store/image.h"

/** Write it, durably. `image->names` are not in it: they are refs. */
int image_record_write(const struct store *store, const struct image *image, struct err *err);

/**
 * Read it by full id. A damaged one is rebuilt from the config blob where its layers are all
 * there; otherwise it goes to quarantine/.
 * @return 0; -1 ERR_NOT_FOUND, ERR_INVALID after quarantine, ERR_SYSTEM
 */
int image_record_read(const struct store *store, const char *id, struct image *out,
		      struct err *err);

/** Read it by full id as it is: nothing is mended or moved. Errors as image_record_read. */
int image_record_load(const struct store *store, const char *id, struct image *out,
		      struct err *err);

/** Make it again from the config's bytes and its chain of layers, and write it. The caller has the
 *  store lock. @return 0; -1 when the config is damaged or a layer is not there */
int image_record_rebuild(const struct store *store, const char *id, struct err *err);

/** Put together what a record holds from a config's bytes and layer names. Sizes are looked up:
 *  ERR_CONFLICT when a layer is not there. */
int image_record_compose(const struct store *store, const struct buf *config_json,
			 const struct strv *layers, struct image *out, struct err *err);
