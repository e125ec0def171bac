/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scheduler policy, I/O priority and oom score of the calling process. Values come checked from
 * above; what this kernel refuses is reported, not guessed at.
 */
#include "kernel/proc/sched.h"

#include "base/warn.h"
#include "kernel/proc/procfs.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/sched/types.h> cannot be included next to <sched.h> everywhere; this is its first form. */
struct sched_attr_v0 {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};
_Static_assert(sizeof(struct sched_attr_v0) == 48, "SCHED_ATTR_SIZE_VER0");

int sched_apply_policy(const struct sched_policy *policy, pid_t pid, struct err *err)
{
	if (!policy->is_set)
		return 0;
	struct sched_attr_v0 attr = {
		.size = sizeof(attr),
		.policy = policy->policy,
		.flags = policy->flags,
		.nice = policy->nice,
		.priority = (uint32_t)policy->priority,
		.runtime_ns = policy->runtime_ns,
		.deadline_ns = policy->deadline_ns,
		.period_ns = policy->period_ns,
	};
	if (syscall(SYS_sched_setattr, pid, &attr, 0) == 0)
		return 0;
	err_sys(err, "set scheduler policy %u", policy->policy);
	return errno == EPERM ? err_hint(err, "real-time policies and a lower nice value need "
					      "CAP_SYS_NICE and, on cgroup v1, a cpu.rt_runtime_us")
			      : -1;
}

int sched_apply_ioprio(const struct sched_ioprio *ioprio, struct err *err)
{
	if (!ioprio->is_set)
		return 0;
	if (ioprio->class < 1 || ioprio->class > 3 || ioprio->level < 0 || ioprio->level > 7)
		return err_set(err, ERR_INVALID, "I/O priority class %d, level %d is out of range",
			       ioprio->class, ioprio->level);
	int value = IOPRIO_PRIO_VALUE(ioprio->class, ioprio->level);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0)
		return err_sys(err, "set I/O priority class %d, level %d", ioprio->class,
			       ioprio->level);
	return 0;
}

int sched_apply_oom_score(int proc_self_fd, int score_adj, struct err *err)
{
	if (score_adj < -1000 || score_adj > 1000)
		return err_set(err, ERR_INVALID, "oom score %d is not in -1000 to 1000", score_adj);
	char value[16];
	snprintf(value, sizeof(value), "%d", score_adj);
	if (procfs_write(proc_self_fd, "oom_score_adj", value, err) == 0)
		return 0;
	if (errno != EACCES && errno != EPERM)
		return -1;
	err_clear(err);
	warn_say("the oom score stays as it is: lowering it to %d needs CAP_SYS_RESOURCE",
		 score_adj);
	return 0;
}
