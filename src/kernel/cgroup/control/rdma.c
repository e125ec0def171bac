/* SPDX-License-Identifier: Apache-2.0 */
/* RDMA limits, one line a device: "mlx5_1 hca_handle=3 hca_object=max". */
#include "kernel/cgroup/control/rdma.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DEVICE_NAME_MAX 63 /* IB_DEVICE_NAME_MAX, less its end */

static void add_limit(char *line, size_t size, const char *key, const struct cgroup_value *value)
{
	size_t len = strlen(line);
	if (value->is_set && value->value >= 0)
		snprintf(line + len, size - len, " %s=%" PRId64, key, value->value);
	else if (value->is_set)
		snprintf(line + len, size - len, " %s=max", key);
}

int cgroup_rdma_write(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	for (size_t i = 0; i < limits->rdma_len; i++) {
		const struct cgroup_rdma *item = &limits->rdma[i];
		char line[DEVICE_NAME_MAX + 100];
		if (item->device[0] == '\0' || strlen(item->device) > DEVICE_NAME_MAX ||
		    strpbrk(item->device, " \t\n=/") != NULL)
			return err_set(err, ERR_INVALID, "\"%.64s\" is not an RDMA device",
				       item->device);
		snprintf(line, sizeof(line), "%s", item->device);
		add_limit(line, sizeof(line), "hca_handle", &item->handles);
		add_limit(line, sizeof(line), "hca_object", &item->objects);
		if (cgroup_control_write(control, "rdma.max", line, err) < 0)
			return -1;
	}
	return 0;
}
