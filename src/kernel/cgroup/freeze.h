/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The freezer of a cgroup, for cgroup_freeze and for killing without cgroup.kill. */
#include "kernel/cgroup/cgroup.h"

struct cgroup_freezer {
	int dir_fd; /* borrowed */
	bool is_v2;
};

/** @return false when no hierarchy with a freezer has the cgroup */
bool cgroup_freezer_find(const struct cgroup *cgroup, struct cgroup_freezer *out);

/** @return 0, or -1 with errno */
int cgroup_freezer_set(const struct cgroup_freezer *freezer, bool freeze);

/** @return 1 when it is so, 0 when the time is over, -1 with errno */
int cgroup_freezer_wait(const struct cgroup_freezer *freezer, bool frozen, unsigned timeout_ms);
