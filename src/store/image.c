/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images by name and id. A name is a symlink (refs.h), an image one record (image_record.h); both
 * are read without a lock, since both are replaced in one step.
 */
#include "store/image.h"

#include "base/mem.h"
#include "format/reference.h"
#include "store/blob.h"
#include "store/image_record.h"
#include "store/refs.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int not_found(const char *reference, struct err *err)
{
	err_set(err, ERR_NOT_FOUND, "no such image: %.256s", reference);
	return err_hint(
		err,
		"`onggi images` shows what there is; `onggi pull` and `onggi load` bring more");
}

/* Content is content: an image's own id serves as well, and a manifest's that it came by. */
static int find_by_content(const struct store *store, const char *digest,
			   char out_id[DIGEST_HEX_SIZE])
{
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	snprintf(path, sizeof(path), "images/%s", digest);
	if (faccessat(store->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return manifest_find(store, digest, out_id);
	snprintf(out_id, DIGEST_HEX_SIZE, "%s", digest);
	return 1;
}

/* name[:tag][@digest] -> id. @return 1 with the id and the full name, 0 no such name */
static int find_by_name(const struct store *store, const char *text, char out_id[DIGEST_HEX_SIZE],
			char **out_name)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	if (reference_parse(text, &reference, NULL) < 0)
		return 0;
	if (reference.digest != NULL) {
		free(reference.tag);
		reference.tag = NULL;
	}
	AUTO_FREE char *name = reference_format(&reference);
	int got = refs_lookup(store, name, out_id);
	if (got == 1)
		*out_name = ptr_take(&name);
	else if (reference.digest != NULL)
		got = find_by_content(store, reference.digest, out_id);
	return got;
}

static int find_by_id(const struct store *store, const char *text, char out_id[DIGEST_HEX_SIZE],
		      struct err *err)
{
	static const char prefix[] = "sha256:";
	const char *hex = text;
	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		hex += sizeof(prefix) - 1;
	if (!id_is_prefix(hex))
		return not_found(text, err);
	size_t len = strlen(hex);
	if (len == DIGEST_HEX_LEN) {
		memcpy(out_id, hex, DIGEST_HEX_SIZE);
		return 0;
	}
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(store->root_fd, "images", &ids, err) < 0)
		return -1;
	const char *found = NULL;
	for (size_t i = 0; i < ids.len; i++) {
		if (strncmp(ids.items[i], hex, len) != 0 || strlen(ids.items[i]) != DIGEST_HEX_LEN)
			continue;
		if (found != NULL)
			return err_set(err, ERR_CONFLICT, "image id %s is ambiguous", text);
		found = ids.items[i];
	}
	if (found == NULL)
		return not_found(text, err);
	memcpy(out_id, found, DIGEST_HEX_SIZE);
	return 0;
}

/* A name is a tag's, or a digest's. */
static void add_name(struct image *image, const char *name)
{
	strv_add(strchr(name, '@') != NULL ? &image->digests : &image->names, name);
}

int image_find(const struct store *store, const char *reference, struct image *out, struct err *err)
{
	char id[DIGEST_HEX_SIZE];
	AUTO_FREE char *name = NULL;
	if (find_by_name(store, reference, id, &name) == 0 &&
	    find_by_id(store, reference, id, err) < 0)
		return -1;
	struct err why = { 0 };
	struct image image = { 0 };
	if (image_record_read(store, id, &image, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return not_found(reference, err);
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (name != NULL)
		add_name(&image, name);
	*out = image;
	return 0;
}

int image_load_names(const struct store *store, struct image *image, struct err *err)
{
	AUTO(struct refs_list, refs_list_done) refs = { 0 };
	if (refs_list(store, &refs, err) < 0)
		return -1;
	strv_done(&image->names);
	strv_done(&image->digests);
	for (size_t i = 0; i < refs.ids.len; i++)
		if (strcmp(refs.ids.items[i], image->id) == 0)
			add_name(image, refs.names.items[i]);
	return 0;
}

void image_list_done(struct image_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		image_done(&list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static int newer_first(const void *a, const void *b)
{
	const struct image *x = a, *y = b;
	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

int image_list(const struct store *store, struct image_list *out, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	AUTO(struct refs_list, refs_list_done) refs = { 0 };
	AUTO(struct image_list, image_list_done) list = { 0 };
	if (scan_names(store->root_fd, "images", &ids, err) < 0 || refs_list(store, &refs, err) < 0)
		return -1;
	list.items = mem_alloc(ids.len + 1, sizeof(*list.items));
	for (size_t i = 0; i < ids.len; i++) {
		struct image *image = &list.items[list.len];
		struct err why = { 0 };
		if (strlen(ids.items[i]) != DIGEST_HEX_LEN || !id_is_prefix(ids.items[i]) ||
		    image_record_read(store, ids.items[i], image, &why) < 0)
			continue; /* a damaged one was quarantined with a warning */
		list.len++;
		for (size_t j = 0; j < refs.ids.len; j++)
			if (strcmp(refs.ids.items[j], image->id) == 0)
				add_name(image, refs.names.items[j]);
	}
	qsort(list.items, list.len, sizeof(*list.items), newer_first);
	*out = list;
	list = (struct image_list){ 0 };
	return 0;
}

int image_full_name(const char *name, char **out, struct err *err)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	if (reference_parse(name, &reference, err) < 0)
		return -1;
	if (reference.digest != NULL)
		return err_set(err, ERR_INVALID,
			       "image name %s: a digest cannot be given as a name", name);
	*out = reference_format(&reference);
	return 0;
}

/* What image_add and image_add_pulled have in common: under the shared store lock, which keeps
 * sweeps away until the record reaches the layers and the blobs. */
static int add_record(const struct store *store, const struct buf *json, const struct strv *layers,
		      char out_id[DIGEST_HEX_SIZE], struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	if (image_record_compose(store, json, layers, &image, err) < 0)
		return -1;
	if (blob_write(store, image.id, json, err) < 0 ||
	    image_record_write(store, &image, err) < 0)
		return err_context(err, "add image %.12s", image.id);
	memcpy(out_id, image.id, DIGEST_HEX_SIZE);
	return 0;
}

int image_add(const struct store *store, const void *config_json, size_t config_len,
	      const struct strv *layers, const struct strv *names, char out_id[DIGEST_HEX_SIZE],
	      struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	AUTO(struct strv, strv_done) full_names = { 0 };
	char id[DIGEST_HEX_SIZE];
	if (config_len > IMAGE_CONFIG_MAX)
		return err_set(err, ERR_INVALID, "image config: larger than %u bytes",
			       IMAGE_CONFIG_MAX);
	for (size_t i = 0; names != NULL && i < names->len; i++) {
		char *full = NULL;
		if (image_full_name(names->items[i], &full, err) < 0)
			return -1;
		strv_add_take(&full_names, full);
	}
	buf_add(&json, config_json, config_len);
	AUTO_FD lock_fd = store_lock(store, LOCK_SHARED, err);
	if (lock_fd < 0 || add_record(store, &json, layers, id, err) < 0)
		return -1;
	for (size_t i = 0; i < full_names.len; i++)
		if (refs_set(store, full_names.items[i], id, err) < 0)
			return -1;
	memcpy(out_id, id, DIGEST_HEX_SIZE);
	return 0;
}

int image_add_pulled(const struct store *store, const struct image_pulled *pulled,
		     char out_id[DIGEST_HEX_SIZE], struct err *err)
{
	const struct manifest *manifest = pulled->manifest;
	char id[DIGEST_HEX_SIZE];
	AUTO_FREE char *by_digest = mem_printf("%s@sha256:%s", pulled->repository,
					       manifest_digest(manifest));
	AUTO_FREE char *by_tag = pulled->tag != NULL
					 ? mem_printf("%s:%s", pulled->repository, pulled->tag)
					 : NULL;
	digest_of(buf_str(pulled->config), pulled->config->len, id);
	if (pulled->config->len > IMAGE_CONFIG_MAX || strcmp(id, manifest->config.digest) != 0)
		return err_set(err, ERR_INVALID, "image config: not the one of the manifest");
	AUTO_FD lock_fd = store_lock(store, LOCK_SHARED, err);
	if (lock_fd < 0 ||
	    manifest_write(store, manifest, pulled->manifest_bytes, pulled->index_bytes, err) < 0 ||
	    add_record(store, pulled->config, pulled->layers, id, err) < 0 ||
	    refs_set(store, by_digest, id, err) < 0 ||
	    (by_tag != NULL && refs_set(store, by_tag, id, err) < 0))
		return -1;
	memcpy(out_id, id, DIGEST_HEX_SIZE);
	return 0;
}

int image_tag(const struct store *store, const char *id, const char *name, struct err *err)
{
	AUTO_FREE char *full = NULL;
	if (image_full_name(name, &full, err) < 0)
		return -1;
	AUTO(struct image, image_done) image = { 0 };
	AUTO_FD lock_fd = store_lock(store, LOCK_SHARED, err);
	if (lock_fd < 0 || image_record_read(store, id, &image, err) < 0)
		return -1;
	return refs_set(store, full, id, err);
}
