/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU time on v2: weight, bandwidth, burst, idle. Real-time bandwidth does not exist there.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "CPU"
 */
#include "kernel/cgroup/v2/v2.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * The linear map of [2, 262144] onto [1, 10000]. A newer quadratic one puts 1024 at 100; but the
 * proportions between containers are what shares promise, the linear map keeps them, and every
 * engine of the years in which these values were chosen uses it.
 */
uint64_t cgroup_v2_weight_of_shares(int64_t shares)
{
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + ((uint64_t)(shares - 2) * 9999) / 262142;
}

static int write_max(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err)
{
	bool has_period = cgroup_value_is_given(limits->cpu.period_us);
	bool has_quota = cgroup_value_is_given(limits->cpu.quota_us);
	char quota[CGROUP_NUMBER_SIZE] = "max", value[2 * CGROUP_NUMBER_SIZE + 2];
	if (has_quota && limits->cpu.quota_us.value > 0)
		snprintf(quota, sizeof(quota), "%" PRId64, limits->cpu.quota_us.value);
	if (!has_quota && has_period && !control->is_fresh) {
		/* A period cannot be written alone: the quota that is there goes with it. */
		if (cgroup_control_read(control->dir_fd, "cpu.max", quota, sizeof(quota)) < 0)
			return cgroup_control_fail(control, "cpu.max", "", err);
		quota[strcspn(quota, " ")] = '\0';
	}
	if (has_period)
		snprintf(value, sizeof(value), "%s %" PRId64, quota, limits->cpu.period_us.value);
	else if (has_quota)
		snprintf(value, sizeof(value), "%s", quota);
	else
		return 0;
	struct cgroup_control cfs = cgroup_control_with(control, "CONFIG_CFS_BANDWIDTH");
	return cgroup_control_write(&cfs, "cpu.max", value, err);
}

static int write_bandwidth(const struct cgroup_control *control, const struct cgroup_limits *limits,
			   struct err *err)
{
	const struct cgroup_value *value = &limits->cpu.burst_us;
	struct cgroup_control burst = cgroup_control_with(control,
							  "Linux 5.14 and CONFIG_CFS_BANDWIDTH");
	/* Burst may not exceed quota: when there is an old quota, lower the burst to 0 first. */
	if (value->is_set && !control->is_fresh &&
	    cgroup_control_write(&burst, "cpu.max.burst", "0", err) < 0)
		return -1;
	if (write_max(control, limits, err) < 0)
		return -1;
	if (value->is_set && value->value != 0)
		return cgroup_control_write_number(&burst, "cpu.max.burst", value->value, err);
	return 0;
}

int cgroup_v2_cpu(const struct cgroup_control *control, const struct cgroup_limits *limits,
		  struct err *err)
{
	const struct cgroup_value *idle = &limits->cpu.idle;
	struct cgroup_control idling = cgroup_control_with(control, "Linux 5.15");
	if (cgroup_value_is_given(limits->cpu.rt_runtime_us) ||
	    cgroup_value_is_given(limits->cpu.rt_period_us))
		return err_set(err, ERR_UNSUPPORTED,
			       "real-time CPU limits need cgroup v1: v2 has no file for them");
	/* An idle group refuses a new weight (EINVAL): leave idle first, enter it last. */
	if (idle->is_set && idle->value == 0 && !control->is_fresh &&
	    cgroup_control_write(&idling, "cpu.idle", "0", err) < 0)
		return -1;
	if (cgroup_value_is_given(limits->cpu.shares)) {
		uint64_t weight = cgroup_v2_weight_of_shares(limits->cpu.shares.value);
		if (cgroup_control_write_number(control, "cpu.weight", (int64_t)weight, err) < 0)
			return -1;
	}
	if (write_bandwidth(control, limits, err) < 0)
		return -1;
	if (idle->is_set && idle->value != 0)
		return cgroup_control_write_number(&idling, "cpu.idle", idle->value, err);
	return 0;
}
