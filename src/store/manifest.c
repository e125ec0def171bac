/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests by image. The names of the records are all that a sweep looks at, so that a record
 * that cannot be read is in nobody's way; what is in one is for who pushes the image again.
 */
#include "store/manifest.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "store/blob.h"
#include "store/record.h"
#include "store/scan.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFESTS  "manifests"
#define NAME_PARTS 3

/* A record's name, taken apart: digests of the image, the manifest, the index ("": none). */
struct manifest_name {
	char parts[NAME_PARTS][DIGEST_HEX_SIZE];
};

void manifest_done(struct manifest *manifest)
{
	free(manifest->layers);
	memset(manifest, 0, sizeof(*manifest));
}

void manifest_list_done(struct manifest_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		manifest_done(&list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

const char *manifest_digest(const struct manifest *manifest)
{
	const struct manifest_blob *index = &manifest->index;
	return index->digest[0] != '\0' ? index->digest : manifest->self.digest;
}

static bool is_digest(const char *text, size_t len)
{
	return len == DIGEST_HEX_LEN && strspn(text, "0123456789abcdef") >= len;
}

static bool read_name(const char *text, struct manifest_name *out)
{
	size_t parts = 0;
	*out = (struct manifest_name){ 0 };
	for (;;) {
		size_t len = strcspn(text, ".");
		if (parts == NAME_PARTS || !is_digest(text, len))
			return false;
		memcpy(out->parts[parts++], text, len);
		if (text[len] == '\0')
			return parts >= 2;
		text += len + 1;
	}
}

static bool name_has(const struct manifest_name *name, const char *digest)
{
	return strcmp(name->parts[1], digest) == 0 || strcmp(name->parts[2], digest) == 0;
}

/* --- writing --- */

static void add_blob(struct buf *json, const char *key, const struct manifest_blob *blob)
{
	if (key != NULL)
		json_add_key(json, key);
	buf_add_char(json, '{');
	json_add_str(json, "mediaType", blob->media_type);
	json_add_str(json, "digest", blob->digest);
	json_add_uint(json, "size", blob->size);
	buf_add_char(json, '}');
}

static int check_bytes(const struct manifest_blob *blob, const struct buf *bytes, struct err *err)
{
	char digest[DIGEST_HEX_SIZE];
	digest_of(buf_str(bytes), bytes->len, digest);
	if (!is_digest(blob->digest, strlen(blob->digest)) || bytes->len > MANIFEST_BYTES_MAX ||
	    bytes->len != blob->size || strcmp(digest, blob->digest) != 0)
		return err_set(err, ERR_INVALID, "manifest %.12s: its bytes are not what it names",
			       blob->digest);
	return 0;
}

static int write_bytes(const struct store *store, const struct manifest_blob *blob,
		       const struct buf *bytes, struct err *err)
{
	if (check_bytes(blob, bytes, err) < 0)
		return -1;
	return blob_write(store, blob->digest, bytes, err);
}

int manifest_write(const struct store *store, const struct manifest *manifest,
		   const struct buf *bytes, const struct buf *index_bytes, struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	const char *index = manifest->index.digest, *dot = index[0] != '\0' ? "." : "";
	AUTO_FREE char *name = mem_printf("%s.%s%s%s", manifest->config.digest,
					  manifest->self.digest, dot, index);
	AUTO_JSON struct json_object *there = NULL;
	AUTO_FD dir_fd = file_open_dir(store->root_fd, MANIFESTS, 0700, err);
	if (dir_fd < 0 || write_bytes(store, &manifest->self, bytes, err) < 0 ||
	    (index[0] != '\0' && write_bytes(store, &manifest->index, index_bytes, err) < 0))
		return -1;
	if (record_read(dir_fd, name, &there, NULL) == 0)
		return scan_sync(store->root_fd, MANIFESTS, err);
	buf_add_char(&json, '{');
	add_blob(&json, "manifest", &manifest->self);
	if (index[0] != '\0')
		add_blob(&json, "index", &manifest->index);
	add_blob(&json, "config", &manifest->config);
	json_add_key(&json, "layers");
	buf_add_char(&json, '[');
	for (size_t i = 0; i < manifest->layers_len; i++) {
		if (i > 0)
			buf_add_char(&json, ',');
		add_blob(&json, NULL, &manifest->layers[i]);
	}
	buf_add_str(&json, "]}");
	return record_write(dir_fd, name, &json, FILE_DURABLE, err);
}

/* --- reading --- */

static int read_blob(const struct json_at *at, struct manifest_blob *out, struct err *err)
{
	AUTO_FREE char *type = NULL, *digest = NULL;
	struct manifest_blob blob = { 0 };
	if (json_get_str(at, "mediaType", &type, err) < 0 ||
	    json_need(json_get_str(at, "digest", &digest, err), at, "digest", err) < 0 ||
	    json_get_uint64(at, "size", &blob.size, err) < 0)
		return -1;
	if (!is_digest(digest, strlen(digest)))
		return json_err(at, err, "not a digest");
	snprintf(blob.media_type, sizeof(blob.media_type), "%s", type != NULL ? type : "");
	memcpy(blob.digest, digest, sizeof(blob.digest));
	*out = blob;
	return 0;
}

static int read_member(const struct json_at *root, const char *key, struct manifest_blob *out,
		       struct err *err)
{
	struct json_at at;
	int got = json_get_object(root, key, &at, err);
	return got <= 0 ? got : read_blob(&at, out, err);
}

static int read_layers(const struct json_at *root, struct manifest *out, struct err *err)
{
	struct json_at array;
	int got = json_get_array(root, "layers", &array, err);
	if (got <= 0)
		return got;
	size_t len = json_len(&array);
	out->layers = mem_alloc(len + 1, sizeof(*out->layers));
	for (; out->layers_len < len; out->layers_len++) {
		struct json_at item = json_item(&array, out->layers_len);
		if (read_blob(&item, &out->layers[out->layers_len], err) < 0)
			return -1;
	}
	return 0;
}

static int read_record(const struct store *store, const char *path, struct manifest *out,
		       struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct manifest, manifest_done) manifest = { 0 };
	if (record_read(store->root_fd, path, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (read_member(&root, "manifest", &manifest.self, err) < 0 ||
	    read_member(&root, "index", &manifest.index, err) < 0 ||
	    read_member(&root, "config", &manifest.config, err) < 0 ||
	    read_layers(&root, &manifest, err) < 0)
		return -1;
	*out = manifest;
	memset(&manifest, 0, sizeof(manifest));
	return 0;
}

int manifest_load(const struct store *store, const char *name, struct manifest *out,
		  struct err *err)
{
	AUTO_FREE char *path = mem_printf(MANIFESTS "/%s", name);
	struct manifest_name parts;
	if (!read_name(name, &parts))
		return err_set(err, ERR_INVALID, "%s: not the name of a manifest's record", path);
	return read_record(store, path, out, err);
}

int manifest_list(const struct store *store, const char *image_id, struct manifest_list *out,
		  struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO(struct manifest_list, manifest_list_done) list = { 0 };
	if (scan_names(store->root_fd, MANIFESTS, &names, err) < 0)
		return -1;
	list.items = mem_alloc(names.len + 1, sizeof(*list.items));
	for (size_t i = 0; i < names.len; i++) {
		struct manifest_name name;
		struct err why = { 0 };
		AUTO_FREE char *path = mem_printf(MANIFESTS "/%s", names.items[i]);
		if (!read_name(names.items[i], &name) || strcmp(name.parts[0], image_id) != 0)
			continue;
		if (read_record(store, path, &list.items[list.len], &why) == 0)
			list.len++;
		else if (why.kind == ERR_INVALID)
			record_quarantine(store, store->root_fd, path, why.text);
	}
	*out = list;
	list = (struct manifest_list){ 0 };
	return 0;
}

int manifest_read(const struct store *store, const struct manifest_blob *blob, struct buf *out,
		  struct err *err)
{
	AUTO_FREE char *what = mem_printf("manifest sha256:%s", blob->digest);
	if (blob_read(store, blob->digest, what, MANIFEST_BYTES_MAX, out, err) == 0)
		return 0;
	return err_hint(err, "pull the image again");
}

int manifest_find(const struct store *store, const char *digest, char out_id[DIGEST_HEX_SIZE])
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(store->root_fd, MANIFESTS, &names, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names.len; i++) {
		struct manifest_name name;
		if (!read_name(names.items[i], &name) || !name_has(&name, digest))
			continue;
		memcpy(out_id, name.parts[0], DIGEST_HEX_SIZE);
		return 1;
	}
	return 0;
}

/* --- taking away --- */

static bool has_image(const struct store *store, const char *id)
{
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	snprintf(path, sizeof(path), "images/%.64s", id);
	return faccessat(store->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* What stays is added to `used`: the digests of blobs. */
static int sweep_records(const struct store *store, struct strv *used, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	bool is_changed = false;
	if (scan_names(store->root_fd, MANIFESTS, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		struct manifest_name name;
		AUTO_FREE char *path = mem_printf(MANIFESTS "/%s", names.items[i]);
		if (read_name(names.items[i], &name) && has_image(store, name.parts[0])) {
			strv_add(used, name.parts[1]);
			strv_add(used, name.parts[2]);
			continue;
		}
		if (unlinkat(store->root_fd, path, 0) < 0 && errno != ENOENT)
			return err_sys(err, "remove %s", path);
		is_changed = true;
	}
	return is_changed ? scan_sync(store->root_fd, MANIFESTS, err) : 0;
}

int manifest_sweep(const struct store *store, struct err *err)
{
	AUTO(struct strv, strv_done) used = { 0 };
	AUTO(struct strv, strv_done) blobs = { 0 };
	if (sweep_records(store, &used, err) < 0 ||
	    scan_names(store->root_fd, "blobs/sha256", &blobs, err) < 0)
		return -1;
	for (size_t i = 0; i < blobs.len; i++)
		if (strv_find(&used, blobs.items[i]) < 0 && !has_image(store, blobs.items[i]))
			blob_remove(store, blobs.items[i]);
	return 0;
}
