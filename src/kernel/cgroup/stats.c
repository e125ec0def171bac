/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what a cgroup uses. Numbers are best effort: an old kernel lacks some (memory.peak came
 * with 5.19, v1's oom_kill with 4.13). Sources: cgroup-v2.rst; cgroup-v1/memory.rst
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/subtree.h"

/* v1 says "unlimited" by the largest multiple of a page. */
#define V1_UNLIMITED_MIN (INT64_MAX - 0x100000)

static int dir_of(const struct cgroup *cgroup, const char *controller)
{
	int index = cgroup_layout_find_v1(cgroup->layout, controller);
	return index >= 0 ? cgroup->dir_fds[index] : -1;
}

/* v1 counts a kill where it happened; v2 adds up those below. */
static int add_v1_oom_kills(int dir_fd, void *arg)
{
	*(uint64_t *)arg += cgroup_control_read_key(dir_fd, "memory.oom_control", "oom_kill");
	return 0;
}

static void read_v1_memory(int dir_fd, struct cgroup_stats *out)
{
	out->memory_bytes = cgroup_control_read_number(dir_fd, "memory.usage_in_bytes");
	out->memory_peak_bytes = cgroup_control_read_number(dir_fd, "memory.max_usage_in_bytes");
	uint64_t limit = cgroup_control_read_number(dir_fd, "memory.limit_in_bytes");
	out->memory_limit_bytes = limit < V1_UNLIMITED_MIN ? limit : 0;
	(void)cgroup_subtree_visit(dir_fd, add_v1_oom_kills, &out->oom_kills);
}

static void read_v2_memory(int dir_fd, struct cgroup_stats *out)
{
	out->memory_bytes = cgroup_control_read_number(dir_fd, "memory.current");
	out->memory_peak_bytes = cgroup_control_read_number(dir_fd, "memory.peak");
	out->memory_limit_bytes = cgroup_control_read_number(dir_fd, "memory.max");
	out->oom_kills = cgroup_control_read_key(dir_fd, "memory.events", "oom_kill");
}

void cgroup_read_stats(const struct cgroup *cgroup, struct cgroup_stats *out)
{
	struct cgroup_stats stats = { 0 };
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	int v2_fd = v2 >= 0 ? cgroup->dir_fds[v2] : -1;
	int memory_fd = dir_of(cgroup, "memory");
	int cpu_fd = dir_of(cgroup, "cpuacct");
	int pids_fd = dir_of(cgroup, "pids");

	if (memory_fd >= 0)
		read_v1_memory(memory_fd, &stats);
	else if (v2_fd >= 0)
		read_v2_memory(v2_fd, &stats);
	if (cpu_fd >= 0)
		stats.cpu_ns = cgroup_control_read_number(cpu_fd, "cpuacct.usage");
	else if (v2_fd >= 0)
		stats.cpu_ns = cgroup_control_read_key(v2_fd, "cpu.stat", "usage_usec") * 1000;
	if (pids_fd < 0)
		pids_fd = v2_fd;
	if (pids_fd >= 0) {
		stats.pids = cgroup_control_read_number(pids_fd, "pids.current");
		stats.pids_limit = cgroup_control_read_number(pids_fd, "pids.max");
	}
	*out = stats;
}
