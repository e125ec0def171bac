/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and propagation of mounts that exist. mount_setattr(2) does all of it on a
 * descriptor, for one mount or a tree at once.
 * Kernel: 5.12; below it, remount.c.
 */
#include "kernel/mount/mount.h"
#include "kernel/mount/remount.h"
#include "sys/fd.h"

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
	/* The access time is one field: the kernel refuses a new value without the old cleared. */
	if ((set & MOUNT_ATTR__ATIME) != 0)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if ((set | clear) == 0 || set_attr(mount_fd, &attr, recursive) == 0)
		return 0;
	if (errno == ENOSYS)
		return mount_remount_attrs(mount_fd, set, attr.attr_clr, recursive, err);
	int errnum = errno;
	err_call(err, "mount_setattr", "set mount attributes 0x%llx, clear 0x%llx",
		 (unsigned long long)set, (unsigned long long)clear);
	if (errnum == EPERM)
		err_hint(err, "in a user namespace what the mount came with (ro, nosuid, nodev, "
			      "noexec, its access time) is locked");
	return -1;
}

int mount_set_attrs_kept(int mount_fd, uint64_t set, uint64_t clear, bool recursive,
			 struct err *err)
{
	struct err first = { 0 };
	if (mount_set_attrs(mount_fd, set, clear, recursive, &first) == 0)
		return 0;
	/* Locked are: what would be cleared, and the access time in both directions. */
	uint64_t restrictions = set & ~(uint64_t)MOUNT_ATTR__ATIME;
	bool is_less = restrictions != set || clear != 0;
	if (first.errnum == EPERM && is_less &&
	    mount_set_attrs(mount_fd, restrictions, 0, recursive, NULL) == 0)
		return 0;
	if (err != NULL)
		*err = first;
	return -1;
}

int mount_set_propagation(int mount_fd, unsigned long propagation, bool recursive, struct err *err)
{
	struct mount_attr attr = { .propagation = propagation };
	if (set_attr(mount_fd, &attr, recursive) == 0)
		return 0;
	unsigned long flags = propagation | (recursive ? MS_REC : 0);
	if (errno == ENOSYS && mount(NULL, fd_proc_path(mount_fd).text, NULL, flags, NULL) == 0)
		return 0;
	return err_call(err, "mount_setattr", "set the propagation of a mount");
}
