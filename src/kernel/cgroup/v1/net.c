/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks on the network traffic of a cgroup, v1 alone: on v2 the firewall matches the cgroup's
 * path instead. Source: Documentation/admin-guide/cgroup-v1/net_cls.rst, net_prio.rst
 */
#include "kernel/cgroup/v1/v1.h"

#include <stdio.h>
#include <string.h>

int cgroup_v1_net_class(const struct cgroup_control *control, const struct cgroup_limits *limits,
			struct err *err)
{
	return cgroup_control_write_number(control, "net_cls.classid", limits->net_class_id.value,
					   err);
}

int cgroup_v1_net_priority(const struct cgroup_control *control, const struct cgroup_limits *limits,
			   struct err *err)
{
	for (size_t i = 0; i < limits->net_priorities_len; i++) {
		const struct cgroup_net_priority *item = &limits->net_priorities[i];
		char value[64];
		/* The kernel splits at white space: a name with some would be another one. */
		if (item->interface[0] == '\0' || strlen(item->interface) > 15 ||
		    strpbrk(item->interface, " \t\n/") != NULL)
			return err_set(err, ERR_INVALID, "\"%s\" is not a network interface",
				       item->interface);
		snprintf(value, sizeof(value), "%s %u", item->interface, item->priority);
		if (cgroup_control_write(control, "net_prio.ifpriomap", value, err) < 0)
			return -1;
	}
	return 0;
}
