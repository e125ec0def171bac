/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Becoming "/". Two ways: pivot_root, after which the old tree is gone from the mount namespace;
 * and chroot, which works where pivot_root cannot (the root is a detached mount, or rootfs).
 * Kernel: any; the mounts must not be shared (mount_change_all has been called).
 */
#include "kernel/root/root.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int root_pivot(int root_fd, struct err *err)
{
	AUTO_FD old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old_fd < 0)
		return err_sys(err, "open the old root");
	if (fchdir(root_fd) < 0)
		return err_sys(err, "enter the new root");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		int errnum = errno;
		err_sys(err, "pivot root");
		if (errnum == EINVAL)
			err_hint(err, "the new root must be a mount point of this mount namespace, "
				      "and neither it nor the old root may be shared or rootfs");
		return -1;
	}
	/* Both roots are mounted on "/" now, the old one on top; but for mount(2) "." is still the
	 * new one, whose shared mounts must stay what they are. A slave sends no events: the
	 * unmount that follows must stay ours even if something below is still shared. */
	if (fchdir(old_fd) < 0)
		return err_sys(err, "return to the old root");
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys(err, "cut the old root's mounts off");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(err, "unmount the old root");
	if (chdir("/") < 0)
		return err_sys(err, "enter the new root");
	return 0;
}

int root_chroot(int root_fd, struct err *err)
{
	if (fchdir(root_fd) < 0)
		return err_sys(err, "enter the new root");
	if (chroot(".") < 0)
		return err_sys(err, "change root");
	if (chdir("/") < 0)
		return err_sys(err, "enter the new root");
	return 0;
}
