/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and propagation of mounts that exist. mount_setattr(2) does all of it on a
 * descriptor.
 * Kernel: 5.12.
 */
#include "kernel/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>

static int set_attr(int mount_fd, const struct mount_attr *attr, bool recursive)
{
	struct mount_attr copy = *attr;
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	return mount_setattr(mount_fd, "", flags, &copy, sizeof(copy));
}

int mount_set_attrs(int mount_fd, uint64_t set, uint64_t clear, bool recursive, struct err *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };
	if ((set | clear) == 0 || set_attr(mount_fd, &attr, recursive) == 0)
		return 0;
	return err_sys(err, "set mount attributes 0x%llx, clear 0x%llx", (unsigned long long)set,
		       (unsigned long long)clear);
}

int mount_set_propagation(int mount_fd, unsigned long propagation, bool recursive, struct err *err)
{
	struct mount_attr attr = { .propagation = propagation };
	if (set_attr(mount_fd, &attr, recursive) == 0)
		return 0;
	return err_sys(err, "set the propagation of a mount");
}
