/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which CPUs and memory nodes, on v2: empty files mean what the parent has.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "Cpuset"
 */
#include "kernel/cgroup/v2/v2.h"

int cgroup_v2_cpuset(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err)
{
	if (limits->cpu.cpus != NULL &&
	    cgroup_control_write(control, "cpuset.cpus", limits->cpu.cpus, err) < 0)
		return -1;
	if (limits->cpu.mems != NULL)
		return cgroup_control_write(control, "cpuset.mems", limits->cpu.mems, err);
	return 0;
}
