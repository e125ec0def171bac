/* SPDX-License-Identifier: Apache-2.0 */
/* Why a kernel interface said EPERM: because we are root only of a user namespace. */
#include "kernel/cgroup/control/userns.h"

#include "kernel/cgroup/control/control.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool cgroup_is_unprivileged(void)
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
