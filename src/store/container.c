/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a container's directories, name, lock and record. Everything is made under the
 * shared store lock, in this order: run directory and lock, directory, name, record; and taken away
 * in the opposite order. So a name always leads to directories, a record is complete, and a
 * directory without a record, with a free lock, belongs to nobody (container_recover.c).
 */
#include "store/container.h"

#include "base/mem.h"
#include "base/warn.h"
#include "store/container_record.h"
#include "store/names.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A checker may hold the lock for a moment. */
#define LEASE_TIMEOUT_MS 200

void container_lease_done(struct container_lease *lease)
{
	fd_close(&lease->dir_fd);
	fd_close(&lease->run_dir_fd);
	fd_close(&lease->lock_fd);
}

static int make_dir(int dir_fd, const char *path, struct err *err)
{
	return mkdirat(dir_fd, path, 0700) == 0 ? 0 : err_sys(err, "make directory %s", path);
}

static int open_dir(int dir_fd, const char *path, struct err *err)
{
	int fd = openat(dir_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "open directory %s", path);
}

static int make_run_dir(const struct store *store, const char *id, struct container_lease *lease,
			struct err *err)
{
	if (make_dir(store->run_containers_fd, id, err) < 0)
		return -1;
	lease->run_dir_fd = open_dir(store->run_containers_fd, id, err);
	if (lease->run_dir_fd < 0)
		return -1;
	int rc = lock_try(lease->run_dir_fd, "lock", LOCK_EXCLUSIVE, &lease->lock_fd, err);
	return rc > 0 ? 0 : rc < 0 ? -1 : err_set(err, ERR_CONFLICT, "its lock is taken");
}

static int make_store_dir(const struct store *store, const char *id, bool has_upper,
			  struct container_lease *lease, struct err *err)
{
	if (make_dir(store->containers_fd, id, err) < 0)
		return -1;
	lease->dir_fd = open_dir(store->containers_fd, id, err);
	if (lease->dir_fd < 0)
		return -1;
	if (!has_upper)
		return 0;
	if (make_dir(lease->dir_fd, "upper", err) < 0 || make_dir(lease->dir_fd, "work", err) < 0)
		return -1;
	/* The upper directory's mode is the mode of the container's "/". */
	if (fchmodat(lease->dir_fd, "upper", 0755, 0) < 0)
		return err_sys(err, "set the mode of the upper directory");
	return 0;
}

static int check_image(const struct store *store, const struct container *container,
		       struct err *err)
{
	char path[sizeof("images/") + ID_LEN];
	if (container->image_id == NULL)
		return 0;
	snprintf(path, sizeof(path), "images/%.64s", container->image_id);
	if (faccessat(store->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_NOT_FOUND, "image %s was removed meanwhile",
			       container->image != NULL ? container->image : container->image_id);
	return 0;
}

bool container_exists(const struct store *store, const char *id)
{
	return faccessat(store->containers_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       faccessat(store->run_containers_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct known_entry {
	const char *name;
	int unlink_flags; /* 0 or AT_REMOVEDIR */
};

/* What a container that wrote nothing leaves: one call per entry instead of a walk. The long path
 * is how overlayfs marks a volatile upper. */
static const struct known_entry known_in_store[] = {
	{ "work/work/incompat/volatile/dirty", 0 },
	{ "work/work/incompat/volatile", AT_REMOVEDIR },
	{ "work/work/incompat", AT_REMOVEDIR },
	{ "work/work", AT_REMOVEDIR },
	{ "work", AT_REMOVEDIR },
	{ "upper", AT_REMOVEDIR },
	{ "", AT_REMOVEDIR },
};
static const struct known_entry known_in_run[] = {
	{ "hosts", 0 }, { "hostname", 0 },    { "resolv.conf", 0 },
	{ "lock", 0 },  { "", AT_REMOVEDIR },
};

static void remove_dir(int dir_fd, const char *id, const struct known_entry *known, size_t len)
{
	struct err err = { 0 };
	bool is_gone = false;
	for (size_t i = 0; i < len; i++)
		is_gone = unlinkat(dir_fd, container_path(id, known[i].name).text,
				   known[i].unlink_flags) == 0;
	if (!is_gone && errno != ENOENT && tree_remove(dir_fd, id, &err) < 0)
		warn_say("container %.12s: %s", id, err.text);
}

void container_remove_dirs(const struct store *store, const char *id)
{
	remove_dir(store->containers_fd, id, known_in_store, ARRAY_LEN(known_in_store));
	remove_dir(store->run_containers_fd, id, known_in_run, ARRAY_LEN(known_in_run));
}

int container_create(const struct store *store, const struct container *container, bool has_upper,
		     struct container_lease *out, struct err *err)
{
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	const char *id = container->id;
	if (strlen(id) != ID_LEN || !id_is_prefix(id))
		return err_set(err, ERR_INVALID, "container id %.64s: not 64 hex digits", id);
	AUTO_FD lock_fd = store_lock(store, LOCK_SHARED, err);
	if (lock_fd < 0 || check_image(store, container, err) < 0)
		return -1;
	bool has_name = false;
	if (make_run_dir(store, id, &lease, err) == 0 &&
	    make_store_dir(store, id, has_upper, &lease, err) == 0 &&
	    names_reserve(store, container->name, id, err) == 0) {
		has_name = true;
		if (container_record_write(&lease, container, err) == 0) {
			snprintf(lease.name, sizeof(lease.name), "%s", container->name);
			lease.is_throwaway = container->is_throwaway;
			*out = lease;
			lease = (struct container_lease)CONTAINER_LEASE_NONE;
			return 0;
		}
	}
	if (has_name)
		names_release(store, container->name, id);
	if (lease.run_dir_fd >= 0) /* ours: an id that exists already fails before */
		container_remove_dirs(store, id);
	return err_context(err, "create container %s", container->name);
}

int container_save(const struct store *store, const struct container_lease *lease,
		   const struct container *container, struct err *err)
{
	(void)store;
	if (container_record_write(lease, container, err) < 0)
		return err_context(err, "save container %s", container->name);
	return 0;
}

static int take_lease(const struct store *store, const char *id, struct err *err)
{
	struct container_path path = container_path(id, "lock");
	/* After a reboot there is no run directory: then nobody can hold the lock. */
	if (mkdirat(store->run_containers_fd, id, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make the run directory of container %.12s", id);
	int fd = lock_take(store->run_containers_fd, path.text, LOCK_EXCLUSIVE, LEASE_TIMEOUT_MS,
			   err);
	if (fd < 0 && err != NULL && err->kind == ERR_CONFLICT) {
		err_set(err, ERR_CONFLICT, "container %.12s is running", id);
		err_hint(err, "stop it first, or use --force");
	}
	return fd;
}

static void unlink_records(const struct store *store, const char *id, bool is_throwaway)
{
	if (!is_throwaway) {
		unlinkat(store->containers_fd, container_path(id, "record.1").text, 0);
		unlinkat(store->containers_fd, container_path(id, "record").text, 0);
		struct err err = { 0 };
		if (scan_sync(store->containers_fd, id, &err) < 0)
			warn_say("container %.12s: %s", id, err.text);
	}
	unlinkat(store->run_containers_fd, container_path(id, "record").text, 0);
}

int container_remove(const struct store *store, const char *id, struct container_lease *lease,
		     struct err *err)
{
	if (strlen(id) != ID_LEN || !id_is_prefix(id))
		return err_set(err, ERR_INVALID, "container id %.64s: not 64 hex digits", id);
	AUTO_FD lock_fd = -1;
	if (lease == NULL && !container_exists(store, id))
		return 0;
	if (lease == NULL && (lock_fd = take_lease(store, id, err)) < 0)
		return -1;
	if (lease != NULL && lease->name[0] != '\0') {
		unlink_records(store, id, lease->is_throwaway);
		names_release(store, lease->name, id);
	} else {
		AUTO(struct container, container_done) container = { 0 };
		bool has_record = container_record_read(store, id, &container, NULL) == 0;
		unlink_records(store, id, has_record && container.is_throwaway);
		if (has_record)
			names_release(store, container.name, id);
	}
	if (lease != NULL) {
		fd_close(&lease->dir_fd);
		fd_close(&lease->run_dir_fd);
	}
	container_remove_dirs(store, id);
	if (lease != NULL)
		fd_close(&lease->lock_fd);
	return 0;
}

int container_is_watched(const struct store *store, const char *id, struct err *err)
{
	struct container_path path = container_path(id, "lock");
	AUTO_FD fd = -1;
	if (faccessat(store->run_containers_fd, path.text, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : err_sys(err, "look at the lock of container %.12s", id);
	/* Shared: two that ask at the same moment do not see each other. */
	struct err why = { 0 };
	int rc = lock_try(store->run_containers_fd, path.text, LOCK_SHARED, &fd, &why);
	if (rc >= 0)
		return rc == 0;
	if (why.errnum == ENOENT) /* removed while we looked */
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}
