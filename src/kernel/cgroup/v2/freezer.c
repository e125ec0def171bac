/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The v2 freezer: a core file of every cgroup since Linux 5.2, and cgroup.events says when the
 * wish has become true. Source: Documentation/admin-guide/cgroup-v2.rst, "cgroup.freeze"
 */
#include "kernel/cgroup/v2/v2.h"

#include <string.h>

int cgroup_v2_freezer_set(int dir_fd, bool freeze)
{
	struct cgroup_control control = { .dir_fd = dir_fd };
	return cgroup_control_put(&control, "cgroup.freeze", freeze ? "1" : "0");
}

int cgroup_v2_freezer_is(int dir_fd, bool frozen)
{
	char events[256];
	if (cgroup_control_read(dir_fd, "cgroup.events", events, sizeof(events)) < 0)
		return -1;
	return strstr(events, frozen ? "frozen 1" : "frozen 0") != NULL;
}
