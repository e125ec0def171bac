/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Hearing that the kernel ended a process of a cgroup because memory ran out. */
#include "kernel/cgroup/cgroup.h"

struct cgroup_oom {
	int fd; /* owned; readable when something may have happened; -1: no memory controller */
	int files_fd; /* owned: the directory, to tell an event from the cgroup's own end */
	bool is_v2;
	uint64_t kills; /* seen so far */
};

/** Listen from now on. @return 0; -1 ERR_SYSTEM */
int cgroup_oom_watch(const struct cgroup *cgroup, struct cgroup_oom *out, struct err *err);

/** @return how often memory ran out since the last call. Never waits. */
unsigned cgroup_oom_take(struct cgroup_oom *oom);
void cgroup_oom_done(struct cgroup_oom *oom);
