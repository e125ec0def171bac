/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota and period of a cgroup that has them already. They are one promise in two numbers: who
 * changes one of them, by way of somebody who rounds the other, has to know both before.
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/controller.h"
#include "kernel/cgroup/layout.h"

#include <stdlib.h>
#include <string.h>

static void complete(struct cgroup_value *value, int64_t current)
{
	if (!cgroup_value_is_given(*value) && current != 0)
		*value = (struct cgroup_value){ .is_set = true, .value = current };
}

void cgroup_complete_bandwidth(const struct cgroup *cgroup, struct cgroup_limits *limits)
{
	struct cgroup_value *quota = &limits->cpu.quota_us, *period = &limits->cpu.period_us;
	char text[2 * CGROUP_NUMBER_SIZE];
	int v1 = cgroup_layout_find_v1(cgroup->layout, "cpu");
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	if (cgroup_value_is_given(*quota) == cgroup_value_is_given(*period))
		return;
	if (v1 >= 0 && cgroup->dir_fds[v1] >= 0) {
		int dir_fd = cgroup->dir_fds[v1];
		complete(period, (int64_t)cgroup_control_read_number(dir_fd, "cpu.cfs_period_us"));
		if (cgroup_control_read(dir_fd, "cpu.cfs_quota_us", text, sizeof(text)) > 0)
			complete(quota, strtoll(text, NULL, 10));
	} else if (v2 >= 0 && cgroup->dir_fds[v2] >= 0 &&
		   cgroup_control_read(cgroup->dir_fds[v2], "cpu.max", text, sizeof(text)) > 0) {
		const char *space = strchr(text, ' ');
		complete(quota, text[0] == 'm' ? -1 : strtoll(text, NULL, 10));
		complete(period, space != NULL ? strtoll(space, NULL, 10) : 0);
	}
}
