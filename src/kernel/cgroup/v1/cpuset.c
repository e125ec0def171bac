/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs and memory nodes, on v1. A new v1 cpuset has none and takes no process (ENOSPC)
 * until both files are filled. Source: cpuset(7)
 */
#include "kernel/cgroup/v1/v1.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CPU_LIST_MAX 8192

static const char *const inherited[] = { "cpuset.cpus", "cpuset.mems" };

int cgroup_v1_cpuset(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err)
{
	if (limits->cpu.cpus != NULL &&
	    cgroup_control_write(control, "cpuset.cpus", limits->cpu.cpus, err) < 0)
		return err_hint(err, "the list must be within the cpuset.cpus of the cgroup above");
	if (limits->cpu.mems != NULL &&
	    cgroup_control_write(control, "cpuset.mems", limits->cpu.mems, err) < 0)
		return err_hint(err, "the list must be within the cpuset.mems of the cgroup above");
	return 0;
}

void cgroup_v1_cpuset_clone_children(int dir_fd)
{
	struct cgroup_control control = { .dir_fd = dir_fd };
	(void)cgroup_control_put(&control, "cgroup.clone_children", "1");
}

/* Fill what is empty in `path` from the level above it, which is filled already. */
static int fill_level(int base_fd, const char *path, int parent_fd, struct err *err)
{
	char list[CPU_LIST_MAX];
	AUTO_FD dir_fd = openat(base_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "open cpuset %s", path);
	for (size_t i = 0; i < ARRAY_LEN(inherited); i++) {
		struct cgroup_control control = { .dir_fd = dir_fd };
		long len = cgroup_control_read(dir_fd, inherited[i], list, sizeof(list));
		if (len > 0)
			continue;
		if (len == 0)
			len = cgroup_control_read(parent_fd, inherited[i], list, sizeof(list));
		if (len < 0)
			return err_sys(err, "read %s of %s or above", inherited[i], path);
		if (cgroup_control_put(&control, inherited[i], list) < 0)
			return err_sys(err, "write \"%s\" to %s of %s", list, inherited[i], path);
	}
	return 0;
}

int cgroup_v1_cpuset_inherit(int base_fd, const char *path, size_t mount_len, struct err *err)
{
	char level[2048];
	if ((size_t)snprintf(level, sizeof(level), "%s", path) >= sizeof(level))
		return err_num(err, ENAMETOOLONG, "open cpuset %s", path);
	for (char *slash = level + mount_len; slash != NULL && *slash == '/';) {
		*slash = '\0';
		AUTO_FD parent_fd = openat(base_fd, level, O_PATH | O_DIRECTORY | O_CLOEXEC);
		*slash = '/';
		if (parent_fd < 0)
			return err_sys(err, "open the cpuset above %s", level);
		char *next = strchr(slash + 1, '/');
		if (next != NULL)
			*next = '\0';
		if (fill_level(base_fd, level, parent_fd, err) < 0)
			return -1;
		if (next != NULL)
			*next = '/';
		slash = next;
	}
	return 0;
}
