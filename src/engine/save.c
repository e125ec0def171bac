/* SPDX-License-Identifier: Apache-2.0 */
/*
 * save: first what there is to save, then blobs, then the documents that name them. Layers come out
 * of the worker, which follows their recipes; here their digests are checked, and nothing else of
 * them is looked at.
 */
#include "engine/save.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/unpacking.h"
#include "format/reference.h"
#include "format/tar.h"
#include "store/layer.h"
#include "store/refs.h"
#include "sys/fd.h"
#include "unpack/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar"
#define TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define LAYOUT        "{\"imageLayoutVersion\":\"1.0.0\"}"
#define BLOBS         "blobs/sha256/"

struct saved_image {
	struct image image;
	struct strv names; /* in full, sorted as they were asked for */
};

struct saving {
	struct engine *engine;
	struct unpacking unpacking;
	struct saved_image *images;
	size_t len;
	struct strv blobs; /* digests that are in the archive already */
	struct buf index, manifest_json;
	load_progress *progress; /* or NULL */
	void *arg;
	struct tar_writer tar;
};

static void saving_free(struct saving *saving)
{
	for (size_t i = 0; i < saving->len; i++) {
		image_done(&saving->images[i].image);
		strv_done(&saving->images[i].names);
	}
	free(saving->images);
	strv_done(&saving->blobs);
	buf_done(&saving->index);
	buf_done(&saving->manifest_json);
	unpacking_done(&saving->unpacking);
	free(saving);
}

/* --- what to save --- */

static void add_image(struct saving *saving, struct image *image, const char *name)
{
	struct saved_image *at = NULL;
	for (size_t i = 0; i < saving->len && at == NULL; i++)
		if (strcmp(saving->images[i].image.id, image->id) == 0)
			at = &saving->images[i];
	if (at == NULL) {
		saving->images = mem_realloc(saving->images,
					     (saving->len + 1) * sizeof(*saving->images));
		at = &saving->images[saving->len++];
		*at = (struct saved_image){ .image = *image };
		memset(image, 0, sizeof(*image));
	}
	if (name != NULL && strv_find(&at->names, name) < 0)
		strv_add(&at->names, name);
}

static int find_one(struct saving *saving, const char *text, bool by_name, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	if (image_find(&saving->engine->store, text, &image, err) < 0)
		return -1;
	AUTO_FREE char *name = by_name && image.names.len > 0 ? mem_strdup(image.names.items[0])
							      : NULL;
	add_image(saving, &image, name);
	return 0;
}

/* "debian" is all tags of debian. @return how many there were, or -1 */
static int find_tags(struct saving *saving, const struct reference *reference, struct err *err)
{
	int found = 0;
	AUTO(struct refs_list, refs_list_done) refs = { 0 };
	AUTO_FREE char *prefix = mem_printf("%s/%s:", reference->domain, reference->path);
	if (refs_list(&saving->engine->store, &refs, err) < 0)
		return -1;
	for (size_t i = 0; i < refs.names.len; i++) {
		if (strncmp(refs.names.items[i], prefix, strlen(prefix)) != 0)
			continue;
		if (find_one(saving, refs.names.items[i], true, err) < 0)
			return -1;
		found++;
	}
	return found;
}

static int find_images(struct saving *saving, const struct strv *references, struct err *err)
{
	for (size_t i = 0; i < references->len; i++) {
		const char *text = references->items[i];
		const char *slash = strrchr(text, '/');
		AUTO(struct reference, reference_done) reference = { 0 };
		bool has_tag = strpbrk(slash != NULL ? slash : text, ":@") != NULL;
		int found = 0;
		if (!has_tag && reference_parse(text, &reference, NULL) == 0)
			found = find_tags(saving, &reference, err);
		if (found < 0 || (found == 0 && find_one(saving, text, has_tag, err) < 0))
			return -1;
	}
	return 0;
}

/* --- blobs --- */

struct blob {
	char digest[DIGEST_HEX_SIZE];
	uint64_t size;
};

static int add_blob(struct saving *saving, const struct buf *data, struct blob *out,
		    struct err *err)
{
	char path[sizeof(BLOBS) + DIGEST_HEX_LEN] = BLOBS;
	digest_of(buf_str(data), data->len, out->digest);
	out->size = data->len;
	memcpy(path + sizeof(BLOBS) - 1, out->digest, DIGEST_HEX_SIZE);
	if (strv_find(&saving->blobs, out->digest) >= 0)
		return 0;
	strv_add(&saving->blobs, out->digest);
	return tar_add_bytes(&saving->tar, path, 0644, data->data, data->len, err);
}

static int copy_archive(struct saving *saving, struct unpack_archive *archive,
			const struct blob *blob, struct err *err)
{
	static char chunk[TAR_BUFFER_BYTES];
	char digest_found[DIGEST_HEX_SIZE], what[13];
	struct digest digest;
	uint64_t done = 0;
	ssize_t n;
	snprintf(what, sizeof(what), "%.12s", blob->digest);
	digest_init(&digest);
	while ((n = unpack_archive_read(archive, chunk, sizeof(chunk), err)) > 0) {
		digest_add(&digest, chunk, (size_t)n);
		if (tar_add_data(&saving->tar, chunk, (size_t)n, err) < 0)
			return -1;
		done += (uint64_t)n;
		if (saving->progress != NULL)
			saving->progress(saving->arg, what, done, blob->size);
	}
	digest_hex(&digest, digest_found);
	if (n < 0)
		return -1;
	/* A worker that failed has more to say than that bytes are missing. */
	if (done == blob->size && strcmp(digest_found, blob->digest) != 0)
		return err_set(err, ERR_INVALID,
			       "its files have changed: they have the digest sha256:%s",
			       digest_found);
	return 0;
}

static int write_archive(struct saving *saving, int recipe_fd, int dir_fd, const struct blob *blob,
			 struct err *err)
{
	AUTO_FD spool_fd = unpacking_spool(saving->engine, err);
	if (spool_fd < 0)
		return -1;
	struct unpack_archive *archive = unpack_archive_open(&saving->unpacking.run, recipe_fd,
							     dir_fd, spool_fd, err);
	if (archive == NULL)
		return -1;
	int rc = copy_archive(saving, archive, blob, err);
	return unpack_archive_close(archive, rc == 0, err) < 0 ? -1
							       : tar_end_file(&saving->tar, err);
}

static int add_layer(struct saving *saving, const char *name, struct blob *out, struct err *err)
{
	struct layer_info info;
	struct recipe_header header;
	AUTO_FD dir_fd = -1, recipe_fd = -1;
	char path[sizeof(BLOBS) + DIGEST_HEX_LEN] = BLOBS;
	if (layer_info(&saving->engine->store, name, &info, err) < 0 ||
	    layer_open(&saving->engine->store, name, &dir_fd, &recipe_fd, err) < 0 ||
	    recipe_read_header(recipe_fd, &header, err) < 0)
		return -1;
	memcpy(out->digest, info.diff_id, sizeof(out->digest));
	out->size = header.tar_bytes;
	if (strv_find(&saving->blobs, out->digest) >= 0)
		return 0;
	strv_add(&saving->blobs, out->digest);
	memcpy(path + sizeof(BLOBS) - 1, out->digest, DIGEST_HEX_SIZE);
	if (tar_begin_file(&saving->tar, path, 0644, out->size, err) < 0 ||
	    write_archive(saving, recipe_fd, dir_fd, out, err) < 0)
		return err_context(err, "put layer %.12s together again", out->digest);
	return 0;
}

/* --- documents --- */

static void add_descriptor(struct buf *json, const char *type, const struct blob *blob)
{
	AUTO_FREE char *digest = mem_printf("sha256:%s", blob->digest);
	json_add_str(json, "mediaType", type);
	json_add_str(json, "digest", digest);
	json_add_uint(json, "size", blob->size);
}

static int add_manifest(struct saving *saving, const struct blob *config, const struct blob *layers,
			size_t layers_len, struct blob *out, struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	buf_add_str(&json, "{\"schemaVersion\":2");
	json_add_str(&json, "mediaType", TYPE_MANIFEST);
	json_add_key(&json, "config");
	buf_add_char(&json, '{');
	add_descriptor(&json, TYPE_CONFIG, config);
	buf_add_char(&json, '}');
	json_add_key(&json, "layers");
	buf_add_char(&json, '[');
	for (size_t i = 0; i < layers_len; i++) {
		buf_add_str(&json, i > 0 ? ",{" : "{");
		add_descriptor(&json, TYPE_LAYER, &layers[i]);
		buf_add_char(&json, '}');
	}
	buf_add_str(&json, "]}");
	return add_blob(saving, &json, out, err);
}

/* One entry for each name: an index has no other place for them. */
static void add_to_index(struct saving *saving, const struct blob *manifest, const char *name)
{
	struct buf *json = &saving->index;
	buf_add_str(json, json->len > 0 ? ",{" : "{");
	add_descriptor(json, TYPE_MANIFEST, manifest);
	if (name != NULL) {
		json_add_key(json, "annotations");
		buf_add_char(json, '{');
		json_add_str(json, "io.containerd.image.name", name);
		json_add_str(json, "org.opencontainers.image.ref.name", strrchr(name, ':') + 1);
		buf_add_char(json, '}');
	}
	buf_add_char(json, '}');
}

static void add_to_manifest_json(struct saving *saving, const struct blob *config,
				 const struct strv *names, const struct blob *layers,
				 size_t layers_len)
{
	struct buf *json = &saving->manifest_json;
	AUTO(struct strv, strv_done) familiar = { 0 }, paths = { 0 };
	AUTO_FREE char *config_path = mem_printf(BLOBS "%s", config->digest);
	for (size_t i = 0; i < names->len; i++) {
		AUTO(struct reference, reference_done) reference = { 0 };
		if (reference_parse(names->items[i], &reference, NULL) == 0)
			strv_add_take(&familiar, reference_familiar(&reference));
	}
	for (size_t i = 0; i < layers_len; i++)
		strv_add_take(&paths, mem_printf(BLOBS "%s", layers[i].digest));
	buf_add_str(json, json->len > 0 ? ",{" : "{");
	json_add_str(json, "Config", config_path);
	if (familiar.len > 0)
		json_add_strv(json, "RepoTags", &familiar);
	else
		buf_add_str(json, ",\"RepoTags\":null");
	json_add_strv(json, "Layers", &paths);
	buf_add_char(json, '}');
}

static int save_image(struct saving *saving, const struct saved_image *saved, struct err *err)
{
	AUTO(struct buf, buf_done) config_json = { 0 };
	struct blob config, manifest;
	size_t len = saved->image.layers.len;
	if (image_read_config(&saving->engine->store, saved->image.id, &config_json, err) < 0 ||
	    add_blob(saving, &config_json, &config, err) < 0)
		return -1;
	AUTO_FREE struct blob *layers = mem_alloc(len + 1, sizeof(*layers));
	for (size_t i = 0; i < len; i++)
		if (add_layer(saving, saved->image.layers.items[i], &layers[i], err) < 0)
			return -1;
	if (add_manifest(saving, &config, layers, len, &manifest, err) < 0)
		return -1;
	for (size_t i = 0; i < saved->names.len; i++)
		add_to_index(saving, &manifest, saved->names.items[i]);
	if (saved->names.len == 0)
		add_to_index(saving, &manifest, NULL);
	add_to_manifest_json(saving, &config, &saved->names, layers, len);
	return 0;
}

static int save_documents(struct saving *saving, struct err *err)
{
	struct tar_writer *tar = &saving->tar;
	AUTO_FREE char *index = mem_printf("{\"schemaVersion\":2,\"mediaType\":\"" TYPE_INDEX
					   "\",\"manifests\":[%s]}",
					   buf_str(&saving->index));
	AUTO_FREE char *manifest = mem_printf("[%s]", buf_str(&saving->manifest_json));
	if (tar_add_bytes(tar, "index.json", 0644, index, strlen(index), err) < 0 ||
	    tar_add_bytes(tar, "manifest.json", 0644, manifest, strlen(manifest), err) < 0 ||
	    tar_add_bytes(tar, "oci-layout", 0644, LAYOUT, sizeof(LAYOUT) - 1, err) < 0)
		return -1;
	return tar_finish(tar, err);
}

static int save_all(struct saving *saving, const struct strv *references, struct err *err)
{
	/* Nothing of what is found goes away until it is written. */
	AUTO_FD lease_fd = layer_lease(&saving->engine->store, err);
	if (lease_fd < 0 || find_images(saving, references, err) < 0 ||
	    tar_add_directory(&saving->tar, "blobs", 0755, err) < 0 ||
	    tar_add_directory(&saving->tar, "blobs/sha256", 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < saving->len; i++)
		if (save_image(saving, &saving->images[i], err) < 0)
			return err_context(err, "image %.12s", saving->images[i].image.id);
	return save_documents(saving, err);
}

int engine_save(struct engine *engine, const struct strv *references, int out_fd,
		load_progress *progress, void *arg, struct err *err)
{
	struct saving *saving = mem_alloc(1, sizeof(*saving));
	saving->engine = engine;
	saving->progress = progress;
	saving->arg = arg;
	unpacking_init(&saving->unpacking, engine);
	tar_init(&saving->tar, out_fd, 0);
	int rc = save_all(saving, references, err);
	saving_free(saving);
	return rc;
}
