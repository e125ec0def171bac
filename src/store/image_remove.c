/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing an image: under the exclusive store lock, against which containers are created, it is
 * checked, its names go, then its record, then its layers; what is deleted is deleted after.
 */
#include "store/image.h"

#include "base/mem.h"
#include "store/container.h"
#include "store/mount_mark.h"
#include "store/refs.h"
#include "store/scan.h"
#include "store/sweep.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void image_removed_done(struct image_removed *removed)
{
	strv_done(&removed->untagged);
	strv_done(&removed->deleted);
}

/* Somebody looks at its files: whatever the caller wants, it stays. */
static int check_mounts(const struct store *store, const struct image *image, struct err *err)
{
	AUTO(struct mount_mark_list, mount_mark_list_done) marks = { 0 };
	if (mount_mark_list(store, &marks, err) < 0)
		return -1;
	for (size_t i = 0; i < marks.len; i++) {
		if (strcmp(marks.items[i].image_id, image->id) != 0)
			continue;
		err_set(err, ERR_CONFLICT, "image %.12s is mounted at %s", image->id,
			marks.items[i].path);
		return err_hint(err, "`onggi image unmount` it first");
	}
	return 0;
}

/* Is it used? @return 1 by a stopped container and `force` was given, 0 no, -1 ERR_CONFLICT */
static int check_use(const struct store *store, const struct image *image, bool force,
		     struct err *err)
{
	AUTO(struct container_list, container_list_done) containers = { 0 };
	if (check_mounts(store, image, err) < 0 || container_list(store, &containers, err) < 0)
		return -1;
	int used = 0;
	for (size_t i = 0; i < containers.len; i++) {
		const struct container *c = &containers.items[i];
		if (c->image_id == NULL || strcmp(c->image_id, image->id) != 0)
			continue;
		bool has_ended = c->status == CONTAINER_EXITED;
		if (has_ended && force) {
			used = 1;
			continue;
		}
		err_set(err, ERR_CONFLICT, "image %.12s is used by the %s container %s (%.12s)",
			image->id, has_ended ? "stopped" : "running", c->name, c->id);
		return err_hint(err, has_ended ? "remove the container, or use --force"
					       : "stop the container first");
	}
	return used;
}

static int remove_names(const struct store *store, const struct strv *names,
			struct strv *out_untagged, struct err *err)
{
	for (size_t i = 0; i < names->len; i++) {
		if (refs_remove(store, names->items[i], err) < 0)
			return -1;
		strv_add(out_untagged, names->items[i]);
	}
	return 0;
}

static int remove_record(const struct store *store, const struct image *image,
			 struct image_removed *out, struct err *err)
{
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	snprintf(path, sizeof(path), "images/%s", image->id);
	if (unlinkat(store->root_fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove image %.12s", image->id);
	if (scan_sync(store->root_fd, "images", err) < 0)
		return -1;
	if (manifest_sweep(store, err) < 0)
		return -1;
	strv_add_take(&out->deleted, mem_printf("sha256:%s", image->id));
	/* Top first, as they came. */
	AUTO(struct strv, strv_done) layers = { 0 };
	for (size_t i = image->layers.len; i > 0; i--)
		strv_add(&layers, image->layers.items[i - 1]);
	return sweep_layers(store, &layers, &out->deleted, &out->freed_bytes, err);
}

/* Where the repository's name ends in "host/path:tag" and "host/path@sha256:..." */
static size_t repository_len(const char *name)
{
	const char *slash = strrchr(name, '/');
	size_t before = slash != NULL ? (size_t)(slash - name) : 0;
	return before + strcspn(name + before, ":@");
}

static bool is_same_repository(const char *a, const char *b)
{
	size_t len = repository_len(a);
	return len == repository_len(b) && strncmp(a, b, len) == 0;
}

/* What goes when one name does: it, and with the last tag of a repository its digests. */
static void names_with(const struct image *image, const char *name, struct strv *out)
{
	strv_add(out, name);
	if (strchr(name, '@') != NULL)
		return;
	for (size_t i = 0; i < image->names.len; i++)
		if (strcmp(image->names.items[i], name) != 0 &&
		    is_same_repository(image->names.items[i], name))
			return;
	for (size_t i = 0; i < image->digests.len; i++)
		if (is_same_repository(image->digests.items[i], name))
			strv_add(out, image->digests.items[i]);
}

/* By id, without force: one tag at most, and one repository. */
static bool is_single(const struct image *image)
{
	const char *first = image->names.len > 0     ? image->names.items[0]
			    : image->digests.len > 0 ? image->digests.items[0]
						     : NULL;
	for (size_t i = 0; i < image->digests.len; i++)
		if (!is_same_repository(image->digests.items[i], first))
			return false;
	return image->names.len <= 1;
}

/* Everything under the lock. */
static int unpublish(const struct store *store, const char *reference, bool force,
		     struct image_removed *removed, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	AUTO(struct strv, strv_done) going = { 0 };
	if (image_find(store, reference, &image, err) < 0)
		return -1;
	AUTO_FREE char *name = image.names.len > 0     ? mem_strdup(image.names.items[0])
			       : image.digests.len > 0 ? mem_strdup(image.digests.items[0])
						       : NULL;
	if (image_load_names(store, &image, err) < 0)
		return -1;
	size_t all = image.names.len + image.digests.len;
	if (name != NULL) {
		names_with(&image, name, &going);
		if (going.len < all)
			return remove_names(store, &going, &removed->untagged, err);
	} else {
		strv_add_all(&going, &image.names);
		strv_add_all(&going, &image.digests);
		if (!is_single(&image) && !force) {
			err_set(err, ERR_CONFLICT, "image %.12s has %zu names", image.id, all);
			return err_hint(err, "remove the names one by one, or use --force");
		}
	}
	int used = check_use(store, &image, force, err);
	if (used < 0 || remove_names(store, &going, &removed->untagged, err) < 0)
		return -1;
	/* A stopped container keeps its image, only without a name. */
	return used > 0 ? 0 : remove_record(store, &image, removed, err);
}

int image_remove(const struct store *store, const char *reference, bool force,
		 struct image_removed *out, struct err *err)
{
	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (lock_fd < 0 || unpublish(store, reference, force, &removed, err) < 0)
		return -1;
	fd_close(&lock_fd);
	if (store_sweep_staging(store, err) < 0)
		return -1;
	*out = removed;
	removed = (struct image_removed){ 0 };
	return 0;
}

int image_prune(const struct store *store, const char *id, bool with_names,
		struct image_removed *out, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	struct err why = { 0 };
	AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (lock_fd < 0)
		return -1;
	if (image_find(store, id, &image, &why) < 0 || image_load_names(store, &image, &why) < 0 ||
	    check_use(store, &image, false, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND || why.kind == ERR_CONFLICT)
			return 0;
		return err_set(err, why.kind, "%s", why.text);
	}
	if (image.names.len > 0 && !with_names)
		return 0;
	if (remove_names(store, &image.names, &out->untagged, err) < 0 ||
	    remove_names(store, &image.digests, &out->untagged, err) < 0 ||
	    remove_record(store, &image, out, err) < 0)
		return -1;
	return 1;
}
