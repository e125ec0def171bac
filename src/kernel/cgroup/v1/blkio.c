/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block I/O on v1. Throttling is in every kernel with the controller; weights belong to an I/O
 * scheduler: BFQ since Linux 5.0, CFQ with the plain file names before.
 * Source: Documentation/admin-guide/cgroup-v1/blkio-controller.rst
 */
#include "kernel/cgroup/v1/v1.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* BFQ's file, or the older one, or an error that names the scheduler. */
static int write_weight(const struct cgroup_control *control, const char *const files[2],
			const char *value, struct err *err)
{
	if (cgroup_control_put(control, files[0], value) == 0)
		return 0;
	if (errno != ENOENT)
		return cgroup_control_fail(control, files[0], value, err);
	if (cgroup_control_put(control, files[1], value) == 0)
		return 0;
	struct cgroup_control bfq = cgroup_control_with(
		control, "CONFIG_BFQ_GROUP_IOSCHED and the bfq scheduler");
	return cgroup_control_fail(&bfq, errno == ENOENT ? files[0] : files[1], value, err);
}

static int write_weights(const struct cgroup_control *control, const struct cgroup_limits *limits,
			 struct err *err)
{
	static const char *const weight[2] = { "blkio.bfq.weight", "blkio.weight" };
	static const char *const device[2] = { "blkio.bfq.weight_device", "blkio.weight_device" };
	char value[3 * CGROUP_NUMBER_SIZE];
	if (cgroup_value_is_given(limits->io.weight)) {
		snprintf(value, sizeof(value), "%" PRId64, limits->io.weight.value);
		if (write_weight(control, weight, value, err) < 0)
			return -1;
	}
	if (cgroup_value_is_given(limits->io.leaf_weight) &&
	    cgroup_control_write_number(control, "blkio.leaf_weight", limits->io.leaf_weight.value,
					err) < 0)
		return err_hint(err, "the kernel needs the CFQ scheduler (before Linux 5.0)");
	for (size_t i = 0; i < limits->io.weight_device.len; i++) {
		const struct cgroup_throttle *t = &limits->io.weight_device.items[i];
		snprintf(value, sizeof(value), "%u:%u %" PRIu64, t->major, t->minor, t->value);
		if (write_weight(control, device, value, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < limits->io.leaf_weight_device.len; i++) {
		const struct cgroup_throttle *t = &limits->io.leaf_weight_device.items[i];
		snprintf(value, sizeof(value), "%u:%u %" PRIu64, t->major, t->minor, t->value);
		if (cgroup_control_write(control, "blkio.leaf_weight_device", value, err) < 0)
			return err_hint(err,
					"the kernel needs the CFQ scheduler (before Linux 5.0)");
	}
	return 0;
}

static int write_throttles(const struct cgroup_control *control, const char *file,
			   const struct cgroup_throttles *throttles, struct err *err)
{
	struct cgroup_control throttling = cgroup_control_with(control,
							       "CONFIG_BLK_DEV_THROTTLING");
	for (size_t i = 0; i < throttles->len; i++) {
		const struct cgroup_throttle *t = &throttles->items[i];
		char value[3 * CGROUP_NUMBER_SIZE];
		snprintf(value, sizeof(value), "%u:%u %" PRIu64, t->major, t->minor, t->value);
		if (cgroup_control_write(&throttling, file, value, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_v1_blkio(const struct cgroup_control *control, const struct cgroup_limits *limits,
		    struct err *err)
{
	const struct {
		const char *file;
		const struct cgroup_throttles *throttles;
	} rows[] = {
		{ "blkio.throttle.read_bps_device", &limits->io.read_bps },
		{ "blkio.throttle.write_bps_device", &limits->io.write_bps },
		{ "blkio.throttle.read_iops_device", &limits->io.read_iops },
		{ "blkio.throttle.write_iops_device", &limits->io.write_iops },
	};
	if (write_weights(control, limits, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (write_throttles(control, rows[i].file, rows[i].throttles, err) < 0)
			return -1;
	}
	return 0;
}
