/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deep check reads what layers contain: the worker follows their recipes, here the digest is
 * taken. Repairs look again under the exclusive lock at what they are about to move.
 */
#include "engine/check.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "engine/unpacking.h"
#include "store/image_record.h"
#include "store/layer.h"
#include "store/mount_mark.h"
#include "store/record.h"
#include "store/refs.h"
#include "store/scan.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (1u << 18)

/* --- what layers contain --- */

static int digest_archive(struct unpack_archive *archive, char out[DIGEST_HEX_SIZE],
			  struct err *err)
{
	static char chunk[CHUNK_BYTES];
	struct digest digest;
	ssize_t n;
	digest_init(&digest);
	while ((n = unpack_archive_read(archive, chunk, sizeof(chunk), err)) > 0)
		digest_add(&digest, chunk, (size_t)n);
	digest_hex(&digest, out);
	return n < 0 ? -1 : 0;
}

/* @return 0 sound; -1 */
static int check_contents(struct engine *engine, const struct unpacking *unpacking,
			  const char *name, struct err *err)
{
	struct layer_info info;
	char found[DIGEST_HEX_SIZE];
	AUTO_FD dir_fd = -1, recipe_fd = -1;
	if (layer_info(&engine->store, name, &info, err) < 0 ||
	    layer_open(&engine->store, name, &dir_fd, &recipe_fd, err) < 0)
		return -1;
	AUTO_FD spool_fd = unpacking_spool(engine, err);
	if (spool_fd < 0)
		return -1;
	struct unpack_archive *archive = unpack_archive_open(&unpacking->run, recipe_fd, dir_fd,
							     spool_fd, err);
	if (archive == NULL)
		return -1;
	int rc = digest_archive(archive, found, err);
	if (unpack_archive_close(archive, rc == 0, err) < 0)
		return -1;
	if (strcmp(found, info.diff_id) != 0)
		return err_set(err, ERR_INVALID,
			       "its files have changed: they have the digest "
			       "sha256:%s",
			       found);
	return 0;
}

static bool is_reported(const struct check_report *report, const char *layer)
{
	for (size_t i = 0; i < report->len; i++)
		if (report->items[i].kind == CHECK_LAYER &&
		    report->items[i].state != CHECK_UNUSED &&
		    strcmp(report->items[i].id, layer) == 0)
			return true;
	return false;
}

/* Under a lease: no layer goes meanwhile. */
static int check_deep(struct engine *engine, struct check_report *report, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO(struct unpacking, unpacking_done) unpacking;
	unpacking_init(&unpacking, engine);
	if (scan_names(engine->store.layers_fd, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		struct err why = { 0 };
		if (is_reported(report, names.items[i]) ||
		    check_contents(engine, &unpacking, names.items[i], &why) == 0)
			continue;
		/* What the machine lacks (descriptors, room) is no damage of the layer. */
		if (why.kind != ERR_INVALID && why.kind != ERR_NOT_FOUND)
			return err_set(err, why.kind, "check layer %s: %s", names.items[i],
				       why.text);
		struct check_finding *finding = check_add(report, CHECK_LAYER, CHECK_DAMAGED,
							  names.items[i], why.text);
		if (check_images_of(&engine->store, names.items[i], &finding->belongs_to, err) < 0)
			return -1;
	}
	return 0;
}

/* --- repairs --- */

static bool image_has(const struct store *store, const char *image_id, const char *layer)
{
	AUTO(struct image, image_done) image = { 0 };
	return image_id != NULL && image_record_load(store, image_id, &image, NULL) == 0 &&
	       strv_find(&image.layers, layer) >= 0;
}

/* Does something that runs stand on it, or is an image of it mounted? */
static bool is_layer_in_use(const struct store *store, const char *layer)
{
	AUTO(struct container_list, container_list_done) containers = { 0 };
	AUTO(struct mount_mark_list, mount_mark_list_done) marks = { 0 };
	if (container_list(store, &containers, NULL) < 0 ||
	    mount_mark_list(store, &marks, NULL) < 0)
		return true;
	for (size_t i = 0; i < containers.len; i++)
		if (containers.items[i].status == CONTAINER_RUNNING &&
		    image_has(store, containers.items[i].image_id, layer))
			return true;
	for (size_t i = 0; i < marks.len; i++)
		if (image_has(store, marks.items[i].image_id, layer))
			return true;
	return false;
}

static void repair_layer(const struct store *store, struct check_finding *finding)
{
	if (is_layer_in_use(store, finding->id)) {
		finding->obstacle = "a running container or a mounted image stands on it";
		return;
	}
	record_quarantine(store, store->layers_fd, finding->id, finding->problem);
	if (faccessat(store->layers_fd, finding->id, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		finding->repair = finding->belongs_to.len > 0
					  ? "moved away; load or pull its image again"
					  : "moved away";
}

/* With the names that led to it: they can be had again, too. */
static void remove_image(const struct store *store, struct check_finding *finding)
{
	AUTO(struct refs_list, refs_list_done) refs = { 0 };
	AUTO_FREE char *path = mem_printf("images/%s", finding->id);
	record_quarantine(store, store->root_fd, path, finding->problem);
	if (refs_list(store, &refs, NULL) < 0)
		return;
	for (size_t i = 0; i < refs.ids.len; i++)
		if (strcmp(refs.ids.items[i], finding->id) == 0)
			refs_remove(store, refs.names.items[i], NULL);
	finding->repair = "moved away with its names; load or pull it again";
}

static void repair_image(const struct store *store, struct check_finding *finding)
{
	if (image_record_rebuild(store, finding->id, NULL) == 0)
		finding->repair = "made again from its config";
	else
		remove_image(store, finding);
}

/* Whoever reads it mends it: from the generation before, or else it is moved away. */
static void repair_container(const struct store *store, struct check_finding *finding)
{
	AUTO(struct container, container_done) container = { 0 };
	int rc = container_find(store, finding->id, &container, NULL);
	finding->repair = rc == 0 ? "the record before is used"
				  : "moved away with all it has written";
}

static void repair_file(const struct store *store, struct check_finding *finding,
			const char *directory)
{
	AUTO_FREE char *path = mem_printf("%s/%s", directory, finding->id);
	record_quarantine(store, store->root_fd, path, finding->problem);
	if (faccessat(store->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		finding->repair = "moved away; load or pull its image again";
}

/* A name that leads nowhere; one that has come to lead somewhere meanwhile stays. */
static void repair_name(const struct store *store, struct check_finding *finding)
{
	char id[DIGEST_HEX_SIZE];
	AUTO(struct image, image_done) image = { 0 };
	if (refs_lookup(store, finding->id, id) == 1) {
		if (image_record_load(store, id, &image, NULL) == 0 ||
		    refs_remove(store, finding->id, NULL) < 0)
			return;
	} else {
		AUTO_FREE char *path = mem_printf("refs/%s", finding->id);
		if (unlinkat(store->root_fd, path, 0) < 0)
			return;
	}
	finding->repair = "removed; load or pull the image again";
}

static void repair_one(const struct store *store, struct check_finding *finding)
{
	if (finding->state != CHECK_DAMAGED)
		return;
	switch (finding->kind) {
	case CHECK_LAYER:
		repair_layer(store, finding);
		break;
	case CHECK_IMAGE:
		repair_image(store, finding);
		break;
	case CHECK_CONTAINER:
		repair_container(store, finding);
		break;
	case CHECK_CONFIG:
	case CHECK_BLOB:
		repair_file(store, finding, "blobs/sha256");
		break;
	case CHECK_MANIFEST:
		repair_file(store, finding, "manifests");
		break;
	case CHECK_NAME:
		repair_name(store, finding);
		break;
	case CHECK_LEFT_OVER:
		break;
	}
}

/* Documents first, names last: what they lead to is judged by them. */
static int repair_damaged(const struct store *store, struct check_report *report, struct err *err)
{
	AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (lock_fd < 0)
		return -1;
	for (size_t i = 0; i < report->len; i++)
		if (report->items[i].kind != CHECK_NAME)
			repair_one(store, &report->items[i]);
	for (size_t i = 0; i < report->len; i++)
		if (report->items[i].kind == CHECK_NAME)
			repair_one(store, &report->items[i]);
	return 0;
}

static int repair(struct engine *engine, struct check_report *report, struct err *err)
{
	const struct store *store = &engine->store;
	if (repair_damaged(store, report, err) < 0 || store_sweep_staging(store, err) < 0 ||
	    engine_recover(engine, err) < 0)
		return -1;
	for (size_t i = 0; i < report->len; i++) {
		struct check_finding *finding = &report->items[i];
		if (finding->kind == CHECK_LEFT_OVER &&
		    faccessat(store->root_fd, finding->id, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			finding->repair = "deleted";
	}
	return 0;
}

bool check_is_sound(const struct check_report *report)
{
	for (size_t i = 0; i < report->len; i++)
		if (report->items[i].state != CHECK_UNUSED && report->items[i].repair == NULL)
			return false;
	return true;
}

int engine_check(struct engine *engine, const struct check_options *options,
		 struct check_report *out, struct err *err)
{
	AUTO(struct check_report, check_report_done) report = { 0 };
	AUTO_FD lease_fd = layer_lease(&engine->store, err);
	if (lease_fd < 0 || check_store(&engine->store, &report, err) < 0 ||
	    (options->is_deep && check_deep(engine, &report, err) < 0) ||
	    (options->repairs && repair(engine, &report, err) < 0))
		return -1;
	*out = report;
	memset(&report, 0, sizeof(report));
	return 0;
}
