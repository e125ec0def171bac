/* SPDX-License-Identifier: Apache-2.0 */
/* Number of tasks, on v2. Source: Documentation/admin-guide/cgroup-v2.rst, "PID" */
#include "kernel/cgroup/v2/v2.h"

int cgroup_v2_pids(const struct cgroup_control *control, const struct cgroup_limits *limits,
		   struct err *err)
{
	int64_t max = limits->pids_max.value;
	/* "max" is the default, and what there is without the controller. */
	if (max <= 0 && (control->is_fresh || !cgroup_control_has(control, "pids.max")))
		return 0;
	return cgroup_control_write_max(control, "pids.max", max > 0 ? max : -1, err);
}
