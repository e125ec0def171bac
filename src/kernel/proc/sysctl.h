/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Kernel parameters of the container's own namespaces. Source: sysctl(8), proc(5) */
#include "base/err.h"

#include <stdbool.h>

/** Which namespaces are the container's own: a sysctl outside them would change the host. */
struct sysctl_scope {
	bool has_ipc, has_net, has_uts, has_user;
};

/** Is this name ("net.ipv4.ip_forward" or with slashes) namespaced within the scope? ERR_INVALID
 *  says which namespace is missing, or that the parameter is the host's; also for values with
 *  control characters. */
int sysctl_check(const char *name, const char *value, const struct sysctl_scope *scope,
		 struct err *err);

/** Write it through `proc_fd` (procfs_open in the new namespaces). */
int sysctl_write(int proc_fd, const char *name, const char *value, struct err *err);
