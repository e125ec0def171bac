/* SPDX-License-Identifier: Apache-2.0 */
/* Asks each tree for what it counts. Knows no file but the one that says whether there is a cgroup.
 */
#include "kernel/cgroup/usage.h"

#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/count.h"
#include "kernel/cgroup/layout.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int dir_of(const struct cgroup *cgroup, const char *controller)
{
	int index = cgroup_layout_find_v1(cgroup->layout, controller);
	return index >= 0 ? cgroup->dir_fds[index] : -1;
}

/* A removed directory that is held open has no files. */
static bool is_there(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->layout->len; i++)
		if (cgroup->dir_fds[i] >= 0 &&
		    faccessat(cgroup->dir_fds[i], "cgroup.procs", F_OK, 0) == 0)
			return true;
	return false;
}

int cgroup_usage_read(const struct cgroup *cgroup, struct cgroup_usage *out, struct err *err)
{
	struct cgroup_usage usage = { 0 };
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	int v2_fd = v2 >= 0 ? cgroup->dir_fds[v2] : -1;
	struct cgroup_count_dirs dirs = {
		.cpu = dir_of(cgroup, "cpu"),
		.cpuacct = dir_of(cgroup, "cpuacct"),
		.cpuset = dir_of(cgroup, "cpuset"),
		.memory = dir_of(cgroup, "memory"),
		.pids = dir_of(cgroup, "pids"),
		.blkio = dir_of(cgroup, "blkio"),
		.hugetlb = dir_of(cgroup, "hugetlb"),
	};
	if (!is_there(cgroup))
		return err_set(err, ERR_NOT_FOUND, "there is no cgroup %s", cgroup->path);
	cgroup_v1_usage(&dirs, &usage);
	if (v2_fd >= 0)
		cgroup_v2_usage(v2_fd, &dirs, &usage);
	int pids_fd = dirs.pids >= 0 ? dirs.pids : v2_fd;
	if (pids_fd >= 0) {
		usage.pids = cgroup_count_number(pids_fd, "pids.current");
		usage.pids_limit = cgroup_control_read_number(pids_fd, "pids.max");
	}
	*out = usage;
	return 0;
}

void cgroup_usage_done(struct cgroup_usage *usage)
{
	free(usage->cpu.per_cpu_ns.items);
	free(usage->cpu.per_cpu_kernel_ns.items);
	free(usage->cpu.per_cpu_user_ns.items);
	free(usage->cpuset.cpus.items);
	free(usage->cpuset.mems.items);
	for (size_t i = 0; i < usage->memory.raw_len; i++)
		free(usage->memory.raw[i].name);
	free(usage->memory.raw);
	for (size_t kind = 0; kind < CGROUP_IO_KINDS; kind++)
		free(usage->io[kind].items);
	free(usage->huge);
	*usage = (struct cgroup_usage){ 0 };
}
