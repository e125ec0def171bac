/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells "EPERM because we are not the machine's root" from a real failure. Reads /proc only after
 * a failure.
 */
#include "kernel/cgroup/control/userns.h"

#include "kernel/cgroup/control/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool cgroup_device_rules_are_denied(void)
{
	char text[64];
	unsigned inside, outside, count;
	if (geteuid() != 0)
		return true;
	if (cgroup_control_read(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return false; /* no CONFIG_USER_NS */
	return sscanf(text, "%u %u %u", &inside, &outside, &count) != 3 || inside != 0 ||
	       outside != 0 || count != 4294967295u;
}

int cgroup_device_failure(const struct err *cause, struct err *err)
{
	if (cause->errnum == EPERM && cgroup_device_rules_are_denied())
		return 0;
	if (err != NULL)
		*err = *cause;
	return -1;
}
