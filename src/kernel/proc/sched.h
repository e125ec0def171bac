/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Scheduler policy, I/O priority, oom score of the calling process.
 * Source: sched_setattr(2), ioprio_set(2), proc(5) */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sched_policy {
	bool is_set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	int32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct sched_ioprio {
	bool is_set;
	int class; /* 1 real-time, 2 best-effort, 3 idle */
	int level; /* 0-7 */
};

/** Of the process `pid`; 0: ours. Nothing to do when not set; ERR_SYSTEM with what the kernel says.
 *  Source: sched_setattr(2) */
int sched_apply_policy(const struct sched_policy *policy, pid_t pid, struct err *err);

/** Nothing to do when not set; ERR_INVALID out of range. Source: ioprio_set(2) */
int sched_apply_ioprio(const struct sched_ioprio *ioprio, struct err *err);

/** Write /proc/self/oom_score_adj through `proc_self_fd` (a directory). Lowering without
 *  CAP_SYS_RESOURCE is one warning, not an error. */
int sched_apply_oom_score(int proc_self_fd, int score_adj, struct err *err);
