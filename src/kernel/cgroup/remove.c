/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes a cgroup's directories, innermost first. The kernel refuses while a process is in one
 * (EBUSY), also one that is dying: wait for those, but not for ever.
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/place.h"
#include "kernel/cgroup/subtree.h"
#include "kernel/cgroup/wait.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* @return 0 when it is gone, -1 with errno */
static int remove_once(int base_fd, const char *path, int dir_fd)
{
	if (unlinkat(base_fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY || cgroup_subtree_remove_children(dir_fd) < 0)
		return -1;
	return unlinkat(base_fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int first_pid(pid_t pid, void *arg)
{
	*(pid_t *)arg = pid;
	return -1;
}

static int fail(const struct cgroup *cgroup, size_t index, struct err *err)
{
	const char *mount_path = cgroup->layout->hierarchies[index].mount_path;
	pid_t pid = -1;
	if (errno != EBUSY)
		return err_sys(err, "remove cgroup %s%s", mount_path, cgroup->path);
	(void)cgroup_subtree_visit_pids(cgroup->dir_fds[index], first_pid, &pid);
	if (pid < 0)
		return err_set(err, ERR_CONFLICT, "remove cgroup %s%s: it is still busy",
			       mount_path, cgroup->path);
	return err_set(err, ERR_CONFLICT, "remove cgroup %s%s: process %d is still in it",
		       mount_path, cgroup->path, pid);
}

int cgroup_remove(const struct cgroup *cgroup, unsigned timeout_ms, struct err *err)
{
	AUTO(struct cgroup_wait, cgroup_wait_done) wait = { .events_fd = -1 };
	bool is_waiting = false;
	AUTO_FD base_fd = cgroup->layout->len > 0 ? cgroup_base_open(err) : -1;
	if (base_fd < 0 && cgroup->layout->len > 0)
		return -1;
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		struct cgroup_place place;
		if (cgroup->dir_fds[i] < 0)
			continue;
		cgroup_place_make(&cgroup->layout->hierarchies[i], cgroup->path, &place);
		while (remove_once(base_fd, place.path, cgroup->dir_fds[i]) < 0) {
			int errnum = errno;
			if (errnum == EBUSY && !is_waiting)
				cgroup_wait_init(&wait, timeout_ms, cgroup_clone_fd(cgroup));
			is_waiting = is_waiting || errnum == EBUSY;
			if (errnum != EBUSY || !cgroup_wait_more(&wait)) {
				errno = errnum;
				return fail(cgroup, i, err);
			}
		}
	}
	return 0;
}
