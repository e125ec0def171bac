/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The v1 freezer. FREEZING becomes FROZEN only when somebody reads the file, and there is no
 * event for it. Source: Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst
 */
#include "kernel/cgroup/v1/v1.h"

#include <string.h>

int cgroup_v1_freezer_set(int dir_fd, bool freeze)
{
	struct cgroup_control control = { .dir_fd = dir_fd };
	return cgroup_control_put(&control, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

int cgroup_v1_freezer_is(int dir_fd, bool frozen)
{
	char state[16];
	if (cgroup_control_read(dir_fd, "freezer.state", state, sizeof(state)) < 0)
		return -1;
	return strcmp(state, frozen ? "FROZEN" : "THAWED") == 0;
}
