/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking things out of the store: what dead processes left, and layers nobody reaches. Data that
 * goes is first renamed into staging/ under the exclusive lock, which makes it invisible in one
 * step, and deleted there without any lock but its own.
 */
#include "store/sweep.h"

#include "base/clock.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/manifest.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_SOME_NS 1000000000u

/* @return 1 with its lock, 0 in use or gone already, -1 */
static int claim(const struct store *store, const char *name, int *out_fd, struct err *err)
{
	char path[sizeof("staging//lock") + 256];
	AUTO_FD store_lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (store_lock_fd < 0)
		return -1;
	/* A name on its way to refs/ has no lock: it is made under the shared store lock. */
	snprintf(path, sizeof(path), "staging/%.255s", name);
	if (unlinkat(store->root_fd, path, 0) == 0 || errno != EISDIR)
		return 0;
	snprintf(path, sizeof(path), "staging/%.255s/lock", name);
	struct err why = { 0 };
	int rc = lock_try(store->root_fd, path, LOCK_EXCLUSIVE, out_fd, &why);
	if (rc >= 0 || why.errnum == ENOENT)
		return rc > 0;
	if (err != NULL)
		*err = why;
	return -1;
}

static bool is_fresh_file(const char *name)
{
	return name[0] == '.' && strstr(name, ".new-") != NULL;
}

/* Half-written files of dead processes, ".NAME.new-...". Writers hold the shared lock, so that
 * under the exclusive one there are no live ones; it is only taken when there is something. */
static int sweep_fresh_files(const struct store *store, const char *path, struct err *err)
{
	AUTO_FD store_lock_fd = -1;
	AUTO_FD fd = openat(store->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (dir == NULL)
		return err_sys(err, "open directory %s", path);
	fd_take(&fd);
	int rc = 0;
	for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;) {
		if (!is_fresh_file(entry->d_name))
			continue;
		if (store_lock_fd < 0) {
			store_lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
			rc = store_lock_fd < 0 ? -1 : 0;
			rewinddir(dir);
		} else {
			unlinkat(dirfd(dir), entry->d_name, 0);
		}
	}
	closedir(dir);
	return rc;
}

int sweep_staged(int staging_fd, const char *name, uint64_t deadline_ns, struct err *err)
{
	AUTO_FD dir_fd = openat(staging_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc = dir_fd >= 0 ? tree_remove_until(dir_fd, "fs", deadline_ns, err) : 1;
	return rc <= 0 ? rc : tree_remove_until(staging_fd, name, deadline_ns, err);
}

static int sweep_until(const struct store *store, uint64_t deadline_ns, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD staging_fd = openat(store->root_fd, "staging", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (staging_fd < 0)
		return err_sys(err, "open staging");
	if (scan_names(staging_fd, ".", &names, err) < 0)
		return -1;
	int removed = 0;
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FD lock_fd = -1;
		int rc = claim(store, names.items[i], &lock_fd, err);
		if (rc > 0)
			rc = sweep_staged(staging_fd, names.items[i], deadline_ns, err);
		if (rc < 0)
			return -1;
		removed += rc;
	}
	if (sweep_fresh_files(store, "images", err) < 0 ||
	    sweep_fresh_files(store, "blobs/sha256", err) < 0 ||
	    sweep_fresh_files(store, "manifests", err) < 0)
		return -1;
	return removed;
}

int store_sweep_staging(const struct store *store, struct err *err)
{
	return sweep_until(store, UINT64_MAX, err);
}

int store_sweep_some(const struct store *store, struct err *err)
{
	return sweep_until(store, clock_monotonic_ns() + SWEEP_SOME_NS, err);
}

static int reachable_layers(const struct store *store, struct strv *out, struct err *err)
{
	AUTO(struct image_list, image_list_done) images = { 0 };
	if (image_list(store, &images, err) < 0)
		return -1;
	for (size_t i = 0; i < images.len; i++)
		strv_add_all(out, &images.items[i].layers);
	return 0;
}

int sweep_layers(const struct store *store, const struct strv *names, struct strv *out_removed,
		 uint64_t *out_bytes, struct err *err)
{
	AUTO(struct strv, strv_done) reachable = { 0 };
	AUTO_FD lease_fd = -1;
	int rc = lock_try(store->root_fd, "leases", LOCK_EXCLUSIVE, &lease_fd, err);
	if (rc <= 0) /* somebody is loading: a later sweep gets them */
		return rc;
	if (reachable_layers(store, &reachable, err) < 0)
		return -1;
	for (size_t i = 0; i < names->len; i++) {
		char random[ID_SIZE], trash[sizeof("staging/") + ID_SIZE];
		struct layer_info info = { 0 };
		const char *name = names->items[i];
		if (strv_find(&reachable, name) >= 0)
			continue;
		id_new(random);
		snprintf(trash, sizeof(trash), "staging/%s", random);
		bool has_info = layer_info(store, name, &info, NULL) == 0;
		if (renameat(store->layers_fd, name, store->root_fd, trash) < 0 && errno != ENOENT)
			return err_sys(err, "remove layer %s", name);
		if (has_info && out_bytes != NULL)
			*out_bytes += info.size_bytes;
		if (has_info && out_removed != NULL) {
			char digest[sizeof("sha256:") + DIGEST_HEX_LEN];
			snprintf(digest, sizeof(digest), "sha256:%s", info.diff_id);
			strv_add(out_removed, digest);
		}
	}
	return scan_sync(store->layers_fd, ".", err);
}

int layer_sweep(const struct store *store, struct strv *out_removed, uint64_t *out_bytes,
		struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD store_lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (store_lock_fd < 0 || scan_names(store->layers_fd, ".", &names, err) < 0 ||
	    sweep_layers(store, &names, out_removed, out_bytes, err) < 0 ||
	    manifest_sweep(store, err) < 0)
		return -1;
	fd_close(&store_lock_fd);
	return store_sweep_staging(store, err) < 0 ? -1 : 0;
}
