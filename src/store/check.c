/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking the store. The ordinary readers mend what they can and move the rest to quarantine/;
 * here everything is read raw, so that a check by itself changes nothing.
 */
#include "store/check.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/blob.h"
#include "store/container.h"
#include "store/container_record.h"
#include "store/image.h"
#include "store/image_record.h"
#include "store/layer.h"
#include "store/manifest.h"
#include "store/record.h"
#include "store/refs.h"
#include "store/scan.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void check_report_done(struct check_report *report)
{
	for (size_t i = 0; i < report->len; i++) {
		free(report->items[i].id);
		free(report->items[i].problem);
		strv_done(&report->items[i].belongs_to);
	}
	free(report->items);
	memset(report, 0, sizeof(*report));
}

struct check_finding *check_add(struct check_report *report, enum check_kind kind,
				enum check_state state, const char *id, const char *problem)
{
	if (report->len == report->capacity) {
		report->capacity = 2 * report->capacity + 16;
		report->items = mem_realloc(report->items,
					    report->capacity * sizeof(*report->items));
	}
	struct check_finding *finding = &report->items[report->len++];
	*finding = (struct check_finding){
		.kind = kind, .state = state, .id = mem_strdup(id), .problem = mem_strdup(problem)
	};
	return finding;
}

/* What is looked at, and what all of it refers to. */
struct checking {
	const struct store *store;
	struct check_report *report;
	struct refs_list refs;
	struct image *images; /* those with a sound record */
	size_t images_len;
	struct strv used_blobs;
};

static void checking_done(struct checking *checking)
{
	for (size_t i = 0; i < checking->images_len; i++)
		image_done(&checking->images[i]);
	free(checking->images);
	refs_list_done(&checking->refs);
	strv_done(&checking->used_blobs);
}

static bool is_id(const char *name)
{
	return strlen(name) == DIGEST_HEX_LEN && id_is_prefix(name);
}

static bool exists(const struct store *store, const char *directory, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/%s", directory, name);
	return faccessat(store->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* "image 0123456789ab (debian:12)" */
static void add_image(const struct refs_list *refs, const char *id, struct strv *out)
{
	const char *name = NULL;
	for (size_t i = 0; i < refs->ids.len && name == NULL; i++)
		if (strcmp(refs->ids.items[i], id) == 0)
			name = refs->names.items[i];
	strv_add_take(out, name != NULL ? mem_printf("image %.12s (%s)", id, name)
					: mem_printf("image %.12s", id));
}

static void add_finding(struct checking *checking, enum check_kind kind, const char *image_id,
			const char *id, const struct err *why)
{
	bool is_missing = why->kind == ERR_NOT_FOUND;
	struct check_finding *finding = check_add(checking->report, kind,
						  is_missing ? CHECK_MISSING : CHECK_DAMAGED, id,
						  is_missing ? "it is not there" : why->text);
	if (image_id != NULL)
		add_image(&checking->refs, image_id, &finding->belongs_to);
}

/* --- names --- */

static int check_names(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) damaged = { 0 };
	if (refs_list(checking->store, &checking->refs, err) < 0 ||
	    refs_list_damaged(checking->store, &damaged, err) < 0)
		return -1;
	checking->report->names = checking->refs.names.len + damaged.len;
	for (size_t i = 0; i < damaged.len; i++)
		check_add(checking->report, CHECK_NAME, CHECK_DAMAGED, damaged.items[i],
			  "it does not say which image it leads to");
	for (size_t i = 0; i < checking->refs.ids.len; i++)
		if (!exists(checking->store, "images", checking->refs.ids.items[i]))
			check_add(checking->report, CHECK_NAME, CHECK_DAMAGED,
				  checking->refs.names.items[i],
				  "the image it leads to is not there");
	return 0;
}

/* --- images --- */

static void check_config(struct checking *checking, const char *id)
{
	AUTO(struct buf, buf_done) json = { 0 };
	struct err why = { 0 };
	if (image_read_config(checking->store, id, &json, &why) < 0)
		add_finding(checking, CHECK_CONFIG, id, id, &why);
	strv_add(&checking->used_blobs, id);
}

/* Each layer is the one that the config asks for, on top of the one before. */
static void check_chain(struct checking *checking, const struct image *image)
{
	char chain[DIGEST_HEX_SIZE] = "";
	for (size_t i = 0; i < image->layers.len && i < image->config.diff_ids.len; i++) {
		char next[DIGEST_HEX_SIZE];
		struct layer_info info;
		layer_chain_id(chain, image->config.diff_ids.items[i], next);
		memcpy(chain, next, sizeof(chain));
		if (layer_info(checking->store, image->layers.items[i], &info, NULL) < 0)
			continue; /* reported as a layer */
		if (strcmp(info.chain_id, chain) == 0)
			continue;
		AUTO_FREE char *problem = mem_printf("layer %s is not what its config asks for",
						     image->layers.items[i]);
		struct check_finding *finding = check_add(checking->report, CHECK_IMAGE,
							  CHECK_DAMAGED, image->id, problem);
		add_image(&checking->refs, image->id, &finding->belongs_to);
		return;
	}
}

static int check_images(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(checking->store->root_fd, "images", &ids, err) < 0)
		return -1;
	checking->report->images = ids.len;
	checking->images = mem_alloc(ids.len + 1, sizeof(*checking->images));
	for (size_t i = 0; i < ids.len; i++) {
		struct err why = { 0 };
		struct image *image = &checking->images[checking->images_len];
		if (!is_id(ids.items[i])) {
			check_add(checking->report, CHECK_IMAGE, CHECK_DAMAGED, ids.items[i],
				  "not the name of an image's record");
			continue;
		}
		check_config(checking, ids.items[i]);
		if (image_record_load(checking->store, ids.items[i], image, &why) < 0) {
			add_finding(checking, CHECK_IMAGE, ids.items[i], ids.items[i], &why);
			continue;
		}
		checking->images_len++;
		check_chain(checking, image);
	}
	return 0;
}

/* --- layers --- */

static void images_of(const struct checking *checking, const char *layer, struct strv *out)
{
	for (size_t i = 0; i < checking->images_len; i++)
		if (strv_find(&checking->images[i].layers, layer) >= 0)
			add_image(&checking->refs, checking->images[i].id, out);
}

static void add_layer(struct checking *checking, const char *name, enum check_state state,
		      const char *problem)
{
	struct check_finding *finding = check_add(checking->report, CHECK_LAYER, state, name,
						  problem);
	images_of(checking, name, &finding->belongs_to);
}

static int check_parts(const struct store *store, const char *name, struct err *err)
{
	struct layer_info info;
	struct stat st;
	AUTO_FD dir_fd = -1, recipe_fd = -1;
	if (layer_info(store, name, &info, err) < 0 ||
	    layer_open(store, name, &dir_fd, &recipe_fd, err) < 0)
		return -1;
	if (strncmp(info.chain_id, name, strlen(name)) != 0)
		return err_set(err, ERR_INVALID, "its name does not follow from its chain id");
	if (fstat(recipe_fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return err_set(err, ERR_INVALID, "its recipe is empty");
	return 0;
}

static int check_layers(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 }, missing = { 0 };
	if (scan_names(checking->store->layers_fd, ".", &names, err) < 0)
		return -1;
	checking->report->layers = names.len;
	for (size_t i = 0; i < names.len; i++) {
		struct err why = { 0 };
		AUTO(struct strv, strv_done) images = { 0 };
		images_of(checking, names.items[i], &images);
		if (check_parts(checking->store, names.items[i], &why) < 0)
			add_layer(checking, names.items[i], CHECK_DAMAGED, why.text);
		else if (images.len == 0)
			add_layer(checking, names.items[i], CHECK_UNUSED,
				  "no image has it; `image prune` deletes it");
	}
	for (size_t i = 0; i < checking->images_len; i++) {
		const struct strv *layers = &checking->images[i].layers;
		for (size_t k = 0; k < layers->len; k++) {
			if (strv_find(&names, layers->items[k]) >= 0 ||
			    strv_find(&missing, layers->items[k]) >= 0)
				continue;
			strv_add(&missing, layers->items[k]);
			add_layer(checking, layers->items[k], CHECK_MISSING, "it is not there");
		}
	}
	return 0;
}

/* --- what registries call images --- */

static void check_manifest_bytes(struct checking *checking, const char *image_id,
				 const struct manifest_blob *blob)
{
	AUTO(struct buf, buf_done) bytes = { 0 };
	struct err why = { 0 };
	if (blob->digest[0] == '\0' || strv_find(&checking->used_blobs, blob->digest) >= 0)
		return;
	strv_add(&checking->used_blobs, blob->digest);
	if (manifest_read(checking->store, blob, &bytes, &why) < 0)
		add_finding(checking, CHECK_BLOB, image_id, blob->digest, &why);
}

static int check_manifests(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(checking->store->root_fd, "manifests", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		AUTO(struct manifest, manifest_done) manifest = { 0 };
		struct err why = { 0 };
		char image_id[DIGEST_HEX_SIZE] = "";
		snprintf(image_id, sizeof(image_id), "%.64s", names.items[i]);
		if (manifest_load(checking->store, names.items[i], &manifest, &why) < 0) {
			add_finding(checking, CHECK_MANIFEST, image_id, names.items[i], &why);
			continue;
		}
		check_manifest_bytes(checking, image_id, &manifest.self);
		check_manifest_bytes(checking, image_id, &manifest.index);
		if (!is_id(image_id) || !exists(checking->store, "images", image_id))
			check_add(checking->report, CHECK_MANIFEST, CHECK_UNUSED, names.items[i],
				  "its image is not there; `image prune` deletes it");
	}
	return 0;
}

/* The others are checked where they belong. */
static int check_blobs(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(checking->store->root_fd, "blobs/sha256", &names, err) < 0)
		return -1;
	checking->report->blobs = names.len;
	for (size_t i = 0; i < names.len; i++)
		if (strv_find(&checking->used_blobs, names.items[i]) < 0)
			check_add(checking->report, CHECK_BLOB, CHECK_UNUSED, names.items[i],
				  "nothing names it; `image prune` deletes it");
	return 0;
}

/* --- containers --- */

static int read_container(const struct store *store, const char *id, struct json_object **out,
			  struct err *err)
{
	struct container_path path = container_path(id, "record");
	struct err why = { 0 };
	if (record_read(store->run_containers_fd, path.text, out, &why) == 0)
		return 0;
	if (why.kind == ERR_INVALID)
		return err_set(err, ERR_INVALID, "%s", why.text);
	return record_read(store->containers_fd, path.text, out, err);
}

static void check_container(struct checking *checking, const char *id)
{
	struct err why = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *name = NULL, *image_id = NULL;
	if (read_container(checking->store, id, &doc, &why) < 0) {
		bool is_alive = why.kind == ERR_NOT_FOUND &&
				container_is_watched(checking->store, id, NULL) != 0;
		if (why.kind == ERR_NOT_FOUND && !is_alive)
			check_add(checking->report, CHECK_CONTAINER, CHECK_UNUSED, id,
				  "it has no record; `ps` deletes it");
		else if (why.kind != ERR_NOT_FOUND)
			check_add(checking->report, CHECK_CONTAINER, CHECK_DAMAGED, id, why.text);
		return;
	}
	struct json_at root = json_root(doc);
	if (json_get_str(&root, "name", &name, NULL) < 0 ||
	    json_get_str(&root, "imageId", &image_id, NULL) < 0 || image_id == NULL ||
	    exists(checking->store, "images", image_id))
		return;
	AUTO_FREE char *problem = mem_printf("its image %.12s is not there", image_id);
	struct check_finding *finding = check_add(checking->report, CHECK_CONTAINER, CHECK_MISSING,
						  id, problem);
	strv_add_take(&finding->belongs_to, mem_printf("container %s", name != NULL ? name : id));
}

static int check_containers(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(checking->store->containers_fd, ".", &ids, err) < 0)
		return -1;
	checking->report->containers = ids.len;
	for (size_t i = 0; i < ids.len; i++)
		if (is_id(ids.items[i]))
			check_container(checking, ids.items[i]);
	return 0;
}

/* --- what is left --- */

static bool has_owner(const struct store *store, const char *name)
{
	AUTO_FREE char *directory = mem_printf("staging/%s", name);
	AUTO_FREE char *path = mem_printf("%s/lock", directory);
	AUTO_FD lock_fd = -1;
	/* Without a lock it is being made just now, under the shared lock as we are; but what has a
	 * record was a layer, on its way out. */
	if (!exists(store, directory, "lock"))
		return !exists(store, directory, "record");
	return lock_try(store->root_fd, path, LOCK_SHARED, &lock_fd, NULL) != 1;
}

static int check_rest(struct checking *checking, struct err *err)
{
	AUTO(struct strv, strv_done) staging = { 0 }, quarantine = { 0 };
	if (scan_names(checking->store->root_fd, "staging", &staging, err) < 0 ||
	    scan_names(checking->store->root_fd, "quarantine", &quarantine, err) < 0)
		return -1;
	for (size_t i = 0; i < staging.len; i++) {
		AUTO_FREE char *path = mem_printf("staging/%s", staging.items[i]);
		if (!has_owner(checking->store, staging.items[i]))
			check_add(checking->report, CHECK_LEFT_OVER, CHECK_UNUSED, path,
				  "work of a killed command, which the next one deletes");
	}
	for (size_t i = 0; i < quarantine.len; i++) {
		AUTO_FREE char *path = mem_printf("quarantine/%s", quarantine.items[i]);
		check_add(checking->report, CHECK_LEFT_OVER, CHECK_UNUSED, path,
			  "damaged, and put here to be looked at; it can be deleted");
	}
	return 0;
}

int check_store(const struct store *store, struct check_report *out, struct err *err)
{
	AUTO(struct check_report, check_report_done) report = { 0 };
	AUTO(struct checking, checking_done) checking = { .store = store, .report = &report };
	AUTO_FD lock_fd = store_lock(store, LOCK_SHARED, err);
	if (lock_fd < 0 || check_names(&checking, err) < 0 || check_images(&checking, err) < 0 ||
	    check_layers(&checking, err) < 0 || check_manifests(&checking, err) < 0 ||
	    check_blobs(&checking, err) < 0 || check_containers(&checking, err) < 0 ||
	    check_rest(&checking, err) < 0)
		return -1;
	*out = report;
	memset(&report, 0, sizeof(report));
	return 0;
}

int check_images_of(const struct store *store, const char *layer, struct strv *out, struct err *err)
{
	AUTO(struct image_list, image_list_done) images = { 0 };
	AUTO(struct refs_list, refs_list_done) refs = { 0 };
	if (image_list(store, &images, err) < 0 || refs_list(store, &refs, err) < 0)
		return -1;
	for (size_t i = 0; i < images.len; i++)
		if (strv_find(&images.items[i].layers, layer) >= 0)
			add_image(&refs, images.items[i].id, out);
	return 0;
}
