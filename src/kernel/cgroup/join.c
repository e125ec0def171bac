/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts processes into a cgroup. On the start path nothing here waits for an RCU grace period:
 * the v2 tree is joined at clone3, v1 trees by the thread-wise `tasks` file.
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"

#include <errno.h>
#include <stdio.h>

int cgroup_clone_fd(const struct cgroup *cgroup)
{
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	return v2 >= 0 ? cgroup->dir_fds[v2] : -1;
}

#define BUSY_HINT "a v2 cgroup has either processes or limited children"

/* In the words of runc, which scripts look for. */
int cgroup_fail_clone(const struct cgroup *cgroup, struct err *err)
{
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	const char *mount_path = v2 >= 0 ? cgroup->layout->hierarchies[v2].mount_path : "";
	err_set(err, ERR_CONFLICT,
		"adding pid of a new process to cgroups: %s%s/cgroup.procs: device or resource "
		"busy",
		mount_path, cgroup->path);
	return err_hint(err, BUSY_HINT);
}

static int join(const struct cgroup *cgroup, size_t index, const char *file, pid_t pid,
		struct err *err)
{
	const struct cgroup_hierarchy *h = &cgroup->layout->hierarchies[index];
	struct cgroup_control control = { .dir_fd = cgroup->dir_fds[index] };
	char value[CGROUP_NUMBER_SIZE];
	snprintf(value, sizeof(value), "%d", pid);
	if (cgroup_control_put(&control, file, value) == 0)
		return 0;
	int errnum = errno;
	err_sys(err, "move process %d into cgroup %s%s", pid, h->mount_path, cgroup->path);
	if (errnum == EBUSY && h->is_v2)
		err_hint(err, BUSY_HINT);
	else if (errnum == ENOSPC && cgroup_list_has(h->controllers, ',', "cpuset"))
		err_hint(err, "its cpuset.cpus or cpuset.mems is empty");
	return -1;
}

int cgroup_join_self(const struct cgroup *cgroup, struct err *err)
{
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		if (cgroup->dir_fds[i] >= 0 && !cgroup->layout->hierarchies[i].is_v2 &&
		    join(cgroup, i, "tasks", 0, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_join_pid(const struct cgroup *cgroup, pid_t pid, struct err *err)
{
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		if (cgroup->dir_fds[i] >= 0 && join(cgroup, i, "cgroup.procs", pid, err) < 0)
			return -1;
	}
	return 0;
}
