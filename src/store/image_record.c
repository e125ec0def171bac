/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image records hold what a start needs, in one file: the layers' names and the config. All of it
 * follows from the config's bytes, which are kept as a blob: so a damaged record is made again.
 */
#include "store/image_record.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/warn.h"
#include "store/blob.h"
#include "store/layer.h"
#include "store/record.h"
#include "sys/fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void image_done(struct image *image)
{
	image_config_done(&image->config);
	strv_done(&image->layers);
	strv_done(&image->names);
	strv_done(&image->digests);
	memset(image, 0, sizeof(*image));
}

int image_record_write(const struct store *store, const struct image *image, struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	AUTO_FD images_fd = file_open_dir(store->root_fd, "images", 0700, err);
	if (images_fd < 0)
		return -1;
	buf_add_char(&json, '{');
	json_add_strv(&json, "layers", &image->layers);
	json_add_uint(&json, "size", image->size_bytes);
	json_add_uint(&json, "created", image->created_ns);
	json_add_key(&json, "config");
	image_config_write(&image->config, &json);
	buf_add_char(&json, '}');
	return record_write(images_fd, image->id, &json, FILE_DURABLE, err);
}

static int check_layers(const struct image *image, const struct json_at *doc, struct err *err)
{
	struct json_at list = json_member(doc, "layers");
	if (image->layers.len != image->config.diff_ids.len)
		return json_err(&list, err, "%zu layers for %zu diff ids", image->layers.len,
				image->config.diff_ids.len);
	for (size_t i = 0; i < image->layers.len; i++)
		if (!id_is_prefix(image->layers.items[i]))
			return json_err(&list, err, "not a layer's name");
	return 0;
}

int image_record_load(const struct store *store, const char *id, struct image *out, struct err *err)
{
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct image, image_done) image = { 0 };
	snprintf(path, sizeof(path), "images/%.64s", id);
	if (record_read(store->root_fd, path, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc), config;
	if (json_need(json_get_object(&root, "config", &config, err), &root, "config", err) < 0 ||
	    image_config_read(&config, &image.config, err) < 0 ||
	    json_get_strv(&root, "layers", &image.layers, err) < 0 ||
	    json_get_uint64(&root, "size", &image.size_bytes, err) < 0 ||
	    json_get_uint64(&root, "created", &image.created_ns, err) < 0 ||
	    check_layers(&image, &root, err) < 0)
		return -1;
	snprintf(image.id, sizeof(image.id), "%s", id);
	*out = image;
	memset(&image, 0, sizeof(image));
	return 0;
}

int image_record_compose(const struct store *store, const struct buf *config_json,
			 const struct strv *layers, struct image *out, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	if (image_config_parse(config_json->data, config_json->len, &image.config, err) < 0)
		return -1;
	if (layers->len != image.config.diff_ids.len)
		return err_set(err, ERR_INVALID, "image config: %zu diff ids for %zu layers",
			       image.config.diff_ids.len, layers->len);
	for (size_t i = 0; i < layers->len; i++) {
		struct layer_info info;
		struct err why = { 0 };
		if (layer_info(store, layers->items[i], &info, &why) < 0)
			return err_set(err, ERR_CONFLICT,
				       "layer %.64s is not in the store (any more)",
				       layers->items[i]);
		image.size_bytes += info.size_bytes;
	}
	digest_of(config_json->data, config_json->len, image.id);
	strv_add_all(&image.layers, layers);
	if (image.config.created != NULL)
		clock_parse_rfc3339(image.config.created, &image.created_ns);
	*out = image;
	memset(&image, 0, sizeof(image));
	return 0;
}

int image_read_config(const struct store *store, const char *id, struct buf *out, struct err *err)
{
	char what[64];
	snprintf(what, sizeof(what), "the config of image %.12s", id);
	if (blob_read(store, id, what, IMAGE_CONFIG_MAX, out, err) == 0)
		return 0;
	return err_hint(err, "load or pull the image again");
}

int image_load_config(const struct store *store, const char *id, struct image_config *out,
		      struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	if (image_read_config(store, id, &json, err) < 0)
		return -1;
	return image_config_parse(buf_str(&json), json.len, out, err);
}

/* The config blob, its chain of layers, and the record again. */
static int rebuild(const struct store *store, const char *id, struct image *out)
{
	AUTO(struct buf, buf_done) json = { 0 };
	AUTO(struct image_config, image_config_done) config = { 0 };
	AUTO(struct strv, strv_done) layers = { 0 };
	if (image_read_config(store, id, &json, NULL) < 0 ||
	    image_config_parse(json.data, json.len, &config, NULL) < 0)
		return -1;
	char chain[DIGEST_HEX_SIZE] = "";
	for (size_t i = 0; i < config.diff_ids.len; i++) {
		char next[DIGEST_HEX_SIZE];
		layer_chain_id(chain, config.diff_ids.items[i], next);
		memcpy(chain, next, sizeof(chain));
		char *name = layer_find(store, chain);
		if (name == NULL)
			return -1;
		strv_add_take(&layers, name);
	}
	return image_record_compose(store, &json, &layers, out, NULL);
}

int image_record_rebuild(const struct store *store, const char *id, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	if (rebuild(store, id, &image) < 0)
		return err_set(err, ERR_INVALID, "image %.12s cannot be made again", id);
	return image_record_write(store, &image, err);
}

int image_record_read(const struct store *store, const char *id, struct image *out, struct err *err)
{
	struct err why = { 0 };
	if (image_record_load(store, id, out, &why) == 0)
		return 0;
	if (why.kind != ERR_INVALID) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	struct image image = { 0 };
	if (rebuild(store, id, &image) == 0) {
		warn_say("%s; it was made again from the image's config", why.text);
		if (image_record_write(store, &image, &why) < 0)
			warn_say("%s", why.text);
		*out = image;
		return 0;
	}
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	snprintf(path, sizeof(path), "images/%.64s", id);
	record_quarantine(store, store->root_fd, path, why.text);
	err_set(err, ERR_INVALID, "image %.12s is damaged", id);
	return err_hint(err, "load or pull it again");
}
