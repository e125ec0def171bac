/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/paused.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/cgroup/cgroup.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHERS_TIMEOUT_MS 10000

#define MARKS "paused"

static char *mark_path(const char *id)
{
	return mem_printf(MARKS "/%s", id);
}

static int freeze(const struct container *container, bool is_frozen, struct err *err)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (container->cgroup_path == NULL || container->cgroup_path[0] == '\0')
		return 0;
	if (cgroup_layout_detect(NULL, &layout, err) < 0 ||
	    cgroup_open(&layout, container->cgroup_path, &cgroup, err) < 0)
		return -1;
	int rc = cgroup_freeze(&cgroup, is_frozen, err);
	cgroup_done(&cgroup);
	return rc;
}

int paused_begin(const struct store *store, const struct container *container, struct err *err)
{
	AUTO_FREE char *path = mark_path(container->id);
	if (mkdirat(store->run_fd, MARKS, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make the directory " MARKS);
	AUTO_FD mark_fd = lock_take(store->run_fd, path, LOCK_EXCLUSIVE, OTHERS_TIMEOUT_MS, err);
	if (mark_fd < 0)
		return -1;
	if (container->status == CONTAINER_RUNNING && freeze(container, true, err) < 0) {
		unlinkat(store->run_fd, path, 0);
		return err_context(err, "pause container %s", container->name);
	}
	return fd_take(&mark_fd);
}

void paused_end(const struct store *store, const struct container *container, int mark_fd)
{
	AUTO_FREE char *path = mark_path(container->id);
	struct err err = { 0 };
	if (container->status == CONTAINER_RUNNING && freeze(container, false, &err) < 0)
		warn_say("container %s stays paused: %s", container->name, err.text);
	unlinkat(store->run_fd, path, 0);
	fd_close(&mark_fd);
}

static void recover_one(const struct store *store, const char *id)
{
	AUTO_FREE char *path = mark_path(id);
	AUTO(struct container, container_done) container = { 0 };
	AUTO_FD mark_fd = -1;
	if (lock_try(store->run_fd, path, LOCK_EXCLUSIVE, &mark_fd, NULL) <= 0)
		return;
	if (container_find(store, id, &container, NULL) == 0)
		paused_end(store, &container, fd_take(&mark_fd));
	else
		unlinkat(store->run_fd, path, 0); /* it is gone, too */
}

int paused_recover(const struct store *store, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(store->run_fd, MARKS, &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.len; i++)
		recover_one(store, ids.items[i]);
	return 0;
}
