/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU time on v1: shares, CFS bandwidth, real-time bandwidth. The kernel checks each file against
 * the others at every write, so in an update the order depends on the direction of the change.
 * Source: Documentation/scheduler/sched-bwc.rst, sched-rt-group.rst
 */
#include "kernel/cgroup/v1/v1.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/*
 * Write two files that constrain each other: if the first is refused next to the second's old
 * value, the second goes first.
 */
static int write_pair(const struct cgroup_control *control, const char *const files[2],
		      const int64_t values[2], struct err *err)
{
	char first[CGROUP_NUMBER_SIZE];
	snprintf(first, sizeof(first), "%" PRId64, values[0]);
	if (cgroup_control_put(control, files[0], first) == 0)
		return cgroup_control_write_number(control, files[1], values[1], err);
	if (errno != EINVAL)
		return cgroup_control_fail(control, files[0], first, err);
	if (cgroup_control_write_number(control, files[1], values[1], err) < 0)
		return -1;
	return cgroup_control_write(control, files[0], first, err);
}

static int write_bandwidth(const struct cgroup_control *control, const struct cgroup_limits *limits,
			   struct err *err)
{
	static const char *const files[2] = { "cpu.cfs_period_us", "cpu.cfs_quota_us" };
	bool has_period = cgroup_value_is_given(limits->cpu.period_us);
	bool has_quota = cgroup_value_is_given(limits->cpu.quota_us);
	struct cgroup_control cfs = cgroup_control_with(control, "CONFIG_CFS_BANDWIDTH");
	if (has_period && has_quota) {
		int64_t values[2] = { limits->cpu.period_us.value, limits->cpu.quota_us.value };
		return write_pair(&cfs, files, values, err);
	}
	if (has_period)
		return cgroup_control_write_number(&cfs, files[0], limits->cpu.period_us.value,
						   err);
	if (has_quota)
		return cgroup_control_write_number(&cfs, files[1], limits->cpu.quota_us.value, err);
	return 0;
}

static int write_quota_and_burst(const struct cgroup_control *control,
				 const struct cgroup_limits *limits, struct err *err)
{
	if (!limits->cpu.burst_us.is_set)
		return write_bandwidth(control, limits, err);
	struct cgroup_control burst = cgroup_control_with(control,
							  "Linux 5.14 and CONFIG_CFS_BANDWIDTH");
	/* Burst may not exceed quota: when there is an old quota, lower the burst to 0 first. */
	if (!control->is_fresh && cgroup_control_write(&burst, "cpu.cfs_burst_us", "0", err) < 0)
		return -1;
	if (write_bandwidth(control, limits, err) < 0)
		return -1;
	if (control->is_fresh && limits->cpu.burst_us.value == 0)
		return 0;
	return cgroup_control_write_number(&burst, "cpu.cfs_burst_us", limits->cpu.burst_us.value,
					   err);
}

static int write_realtime(const struct cgroup_control *control, const struct cgroup_limits *limits,
			  struct err *err)
{
	static const char *const files[2] = { "cpu.rt_period_us", "cpu.rt_runtime_us" };
	bool has_period = cgroup_value_is_given(limits->cpu.rt_period_us);
	bool has_runtime = cgroup_value_is_given(limits->cpu.rt_runtime_us);
	struct cgroup_control rt = cgroup_control_with(control, "CONFIG_RT_GROUP_SCHED");
	int rc = 0;
	if (has_period && has_runtime) {
		int64_t values[2] = { limits->cpu.rt_period_us.value,
				      limits->cpu.rt_runtime_us.value };
		rc = write_pair(&rt, files, values, err);
	} else if (has_period) {
		rc = cgroup_control_write_number(&rt, files[0], limits->cpu.rt_period_us.value,
						 err);
	} else if (has_runtime) {
		rc = cgroup_control_write_number(&rt, files[1], limits->cpu.rt_runtime_us.value,
						 err);
	}
	if (rc < 0)
		err_hint(err, "every cgroup above needs as much cpu.rt_runtime_us as this one");
	return rc;
}

int cgroup_v1_cpu(const struct cgroup_control *control, const struct cgroup_limits *limits,
		  struct err *err)
{
	const struct cgroup_value *idle = &limits->cpu.idle;
	struct cgroup_control idling = cgroup_control_with(control, "Linux 5.15");
	/* An idle group refuses new shares (EINVAL): leave idle first, enter it last. */
	if (idle->is_set && idle->value == 0 && !control->is_fresh &&
	    cgroup_control_write(&idling, "cpu.idle", "0", err) < 0)
		return -1;
	if (cgroup_value_is_given(limits->cpu.shares) &&
	    cgroup_control_write_number(control, "cpu.shares", limits->cpu.shares.value, err) < 0)
		return -1;
	if (write_quota_and_burst(control, limits, err) < 0 ||
	    write_realtime(control, limits, err) < 0)
		return -1;
	if (idle->is_set && idle->value != 0)
		return cgroup_control_write_number(&idling, "cpu.idle", idle->value, err);
	return 0;
}
