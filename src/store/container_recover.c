/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What killed processes left of containers. With a record: the engine knows what else there is to
 * undo, so it is handed over under the container's lock. Without one: only directories and a name
 * were made, or are left, and they go.
 */
#include "store/container.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/warn.h"
#include "store/container_record.h"
#include "store/names.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_orphan_status(const struct container *container)
{
	return container->is_throwaway || container->status != CONTAINER_EXITED;
}

/* @return 1 locked, 0 somebody has it or it is gone, -1 */
static int try_lock(const struct store *store, const char *id, int *out_fd, struct err *err)
{
	struct err why = { 0 };
	int rc = lock_try(store->run_containers_fd, container_path(id, "lock").text, LOCK_EXCLUSIVE,
			  out_fd, &why);
	if (rc >= 0 || why.errnum == ENOENT)
		return rc > 0;
	if (err != NULL)
		*err = why;
	return -1;
}

static int open_lease(const struct store *store, const struct container *container,
		      struct container_lease *lease, struct err *err)
{
	const char *id = container->id;
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	lease->dir_fd = openat(store->containers_fd, id, flags);
	lease->run_dir_fd = openat(store->run_containers_fd, id, flags);
	if (lease->dir_fd < 0 || lease->run_dir_fd < 0)
		return err_sys(err, "open the directories of container %.12s", id);
	snprintf(lease->name, sizeof(lease->name), "%s", container->name);
	lease->is_throwaway = container->is_throwaway;
	return 0;
}

static int offer(const struct store *store, const char *id, container_orphan_fn *found, void *arg,
		 struct err *err)
{
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	AUTO(struct container, container_done) container = { 0 };
	/* Gone with a reboot; without it there is nothing to lock. */
	if (mkdirat(store->run_containers_fd, id, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make the run directory of container %.12s", id);
	int rc = try_lock(store, id, &lease.lock_fd, err);
	if (rc <= 0)
		return rc;
	/* Again, under the lock: its owner may have finished in between. */
	if (container_record_read(store, id, &container, NULL) < 0 || !is_orphan_status(&container))
		return 0;
	if (open_lease(store, &container, &lease, err) < 0)
		return -1;
	return found(store, &container, &lease, arg, err);
}

/* Nobody can be making it: that is done under the shared store lock. */
static int remove_remains(const struct store *store, const char *id, struct err *err)
{
	AUTO_FD store_lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	AUTO_FD lock_fd = -1;
	if (store_lock_fd < 0)
		return -1;
	AUTO(struct container, container_done) container = { 0 };
	struct err why = { 0 };
	if (container_record_read(store, id, &container, &why) == 0 || why.kind != ERR_NOT_FOUND)
		return 0;
	bool has_run_dir = faccessat(store->run_containers_fd, id, F_OK, 0) == 0;
	if (has_run_dir) {
		int rc = try_lock(store, id, &lock_fd, err);
		if (rc <= 0)
			return rc;
	}
	if (names_sweep(store, id, err) < 0)
		return -1;
	fd_close(&store_lock_fd);
	container_remove_dirs(store, id);
	return 0;
}

static int check_one(const struct store *store, const char *id, container_orphan_fn *found,
		     void *arg, struct err *err)
{
	AUTO(struct container, container_done) container = { 0 };
	struct err why = { 0 };
	if (strlen(id) != ID_LEN || !id_is_prefix(id))
		return 0;
	/* Most are, and asking the lock is cheaper than reading the record. */
	if (container_is_watched(store, id, NULL) == 1)
		return 0;
	if (container_record_read(store, id, &container, &why) == 0)
		return is_orphan_status(&container) ? offer(store, id, found, arg, err) : 0;
	if (why.kind == ERR_NOT_FOUND)
		return remove_remains(store, id, err);
	if (err != NULL)
		*err = why;
	return -1;
}

static int sweep_names(const struct store *store, struct err *err)
{
	/* Looked at without the lock first: nearly always there is nothing, and a start that is
	 * under way need not wait for us. */
	AUTO(struct strv, strv_done) stale = { 0 };
	if (names_stale(store, NULL, &stale, err) < 0)
		return -1;
	if (stale.len == 0)
		return 0;
	AUTO_FD store_lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	return store_lock_fd >= 0 ? names_sweep(store, NULL, err) : -1;
}

int container_each_orphan(const struct store *store, container_orphan_fn *found, void *arg,
			  struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	AUTO(struct strv, strv_done) run_ids = { 0 };
	if (scan_names(store->containers_fd, ".", &ids, err) < 0 ||
	    scan_names(store->run_containers_fd, ".", &run_ids, err) < 0)
		return -1;
	for (size_t i = 0; i < run_ids.len; i++)
		if (strv_find(&ids, run_ids.items[i]) < 0)
			strv_add(&ids, run_ids.items[i]);
	/* One container that cannot be dealt with must not keep the others from it. */
	int rc = 0;
	for (size_t i = 0; i < ids.len; i++) {
		struct err why = { 0 };
		if (check_one(store, ids.items[i], found, arg, &why) == 0)
			continue;
		if (rc == 0 && err != NULL)
			*err = why;
		else
			warn_say("%s", why.text);
		rc = -1;
	}
	return sweep_names(store, err) == 0 ? rc : -1;
}

static void end_with_machine(const struct store *store, struct container *container)
{
	struct err err = { 0 };
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	container->status = CONTAINER_EXITED;
	container->exit_code = 255;
	container->finished_ns = clock_realtime_ns();
	container->pid = container->monitor_pid = 0;
	free(container->error);
	container->error = mem_strdup("the machine was restarted while it ran");
	/* Unlocked: no process of this boot has seen it yet. */
	lease.dir_fd = openat(store->containers_fd, container->id,
			      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container_record_write(&lease, container, &err) < 0)
		warn_say("container %s: %s", container->name, err.text);
}

int container_after_boot(const struct store *store, struct err *err)
{
	AUTO(struct container_list, container_list_done) list = { 0 };
	if (container_list(store, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.len; i++) {
		struct err why = { 0 };
		struct container *container = &list.items[i];
		if (names_reserve(store, container->name, container->id, &why) < 0)
			warn_say("%s", why.text);
		if (container->status != CONTAINER_EXITED)
			end_with_machine(store, container);
	}
	return 0;
}
