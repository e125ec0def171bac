/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O on v2. Two mechanisms know weights: io.cost (io.weight) and the BFQ scheduler
 * (io.bfq.weight); which one rules a device is not ours to say, so both get the value.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "IO"; block/bfq-iosched.rst
 */
#include "kernel/cgroup/v2/v2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define VALUE_SIZE 96

uint64_t cgroup_v2_weight_of_blkio(uint64_t weight)
{
	if (weight < 10)
		weight = 10;
	if (weight > 1000)
		weight = 1000;
	return 1 + (weight - 10) * 9999 / 990;
}

/* Good when one of the two took it; otherwise the more telling error. */
static int write_either(const struct cgroup_control *control, const char *bfq, const char *cost,
			struct err *err)
{
	struct cgroup_control weight = cgroup_control_with(
		control, "CONFIG_BLK_CGROUP_IOCOST, or CONFIG_BFQ_GROUP_IOSCHED with bfq in use");
	int bfq_rc = cgroup_control_put(&weight, "io.bfq.weight", bfq);
	int bfq_errno = errno;
	if (cgroup_control_put(&weight, "io.weight", cost) == 0 || bfq_rc == 0)
		return 0;
	if (bfq_errno == ENOENT || errno != ENOENT)
		return cgroup_control_fail(&weight, "io.weight", cost, err);
	errno = bfq_errno;
	return cgroup_control_fail(&weight, "io.bfq.weight", bfq, err);
}

static int write_weights(const struct cgroup_control *control, const struct cgroup_limits *limits,
			 struct err *err)
{
	char bfq[VALUE_SIZE], cost[VALUE_SIZE];
	if (cgroup_value_is_given(limits->io.weight)) {
		uint64_t weight = (uint64_t)limits->io.weight.value;
		snprintf(bfq, sizeof(bfq), "%" PRIu64, weight);
		snprintf(cost, sizeof(cost), "%" PRIu64, cgroup_v2_weight_of_blkio(weight));
		if (write_either(control, bfq, cost, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < limits->io.weight_device.len; i++) {
		const struct cgroup_throttle *t = &limits->io.weight_device.items[i];
		snprintf(bfq, sizeof(bfq), "%u:%u %" PRIu64, t->major, t->minor, t->value);
		snprintf(cost, sizeof(cost), "%u:%u %" PRIu64, t->major, t->minor,
			 cgroup_v2_weight_of_blkio(t->value));
		if (write_either(control, bfq, cost, err) < 0)
			return -1;
	}
	return 0;
}

/* OCI's 0 takes a throttle away, as it does on v1. */
static int write_max(const struct cgroup_control *control, const char *key,
		     const struct cgroup_throttles *throttles, struct err *err)
{
	struct cgroup_control throttling = cgroup_control_with(control,
							       "CONFIG_BLK_DEV_THROTTLING");
	for (size_t i = 0; i < throttles->len; i++) {
		const struct cgroup_throttle *t = &throttles->items[i];
		char value[VALUE_SIZE];
		if (t->value == 0)
			snprintf(value, sizeof(value), "%u:%u %s=max", t->major, t->minor, key);
		else
			snprintf(value, sizeof(value), "%u:%u %s=%" PRIu64, t->major, t->minor, key,
				 t->value);
		if (cgroup_control_write(&throttling, "io.max", value, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_v2_io(const struct cgroup_control *control, const struct cgroup_limits *limits,
		 struct err *err)
{
	const struct {
		const char *key;
		const struct cgroup_throttles *throttles;
	} rows[] = {
		{ "rbps", &limits->io.read_bps },
		{ "wbps", &limits->io.write_bps },
		{ "riops", &limits->io.read_iops },
		{ "wiops", &limits->io.write_iops },
	};
	if (cgroup_value_is_given(limits->io.leaf_weight) || limits->io.leaf_weight_device.len > 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "a leaf weight of block I/O needs cgroup v1 with the CFQ scheduler");
	if (write_weights(control, limits, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (write_max(control, rows[i].key, rows[i].throttles, err) < 0)
			return -1;
	}
	return 0;
}
