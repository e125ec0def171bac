/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of mount trees, and where they go. A target is a descriptor that the caller has resolved
 * and checked; what is attached is a descriptor as well. No path of a container comes here.
 * Kernel: 5.2 for open_tree and move_mount, 5.8 for mount ids in statx.
 */
#include "kernel/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int mount_clone(int dir_fd, const char *path, bool recursive, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) |
			 (path[0] == '\0' ? AT_EMPTY_PATH : 0);
	int fd = open_tree(dir_fd, path, flags);
	if (fd >= 0)
		return fd;
	int errnum = errno;
	err_call(err, "open_tree", "copy the mount %s", path[0] != '\0' ? path : "of a descriptor");
	if (errnum == EINVAL)
		err_hint(err, "it may be unbindable, of another mount namespace, or have locked "
			      "mounts below it");
	errno = errnum;
	return -1;
}

/* The kernel says EINVAL for this and for much else; mount(2) says ENOTDIR, which engines know. */
static bool kinds_differ(int mount_fd, int target_fd)
{
	struct stat mount, target;
	return fstat(mount_fd, &mount) == 0 && fstat(target_fd, &target) == 0 &&
	       S_ISDIR(mount.st_mode) != S_ISDIR(target.st_mode);
}

int mount_attach(int mount_fd, int target_fd, struct err *err)
{
	if (move_mount(mount_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	int errnum = errno;
	bool is_mismatch = kinds_differ(mount_fd, target_fd);
	errno = is_mismatch ? ENOTDIR : errnum;
	err_call(err, "move_mount", "attach a mount");
	if (is_mismatch)
		err_hint(err, "a directory cannot be mounted on a file, nor a file on a directory");
	errno = errnum;
	return -1;
}

int mount_change_all(unsigned long propagation, struct err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | propagation, NULL) == 0)
		return 0;
	return err_sys(err, "change the propagation of all mounts");
}

int mount_detach(const char *path, struct err *err)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	return err_sys(err, "detach the mount at %s", path);
}

int mount_unmount(const char *path, struct err *err)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno == EBUSY)
		return err_set(err, ERR_CONFLICT, "%s is in use", path);
	return err_sys(err, "unmount %s", path);
}

int mount_id(int fd, uint64_t *out, struct err *err)
{
	struct statx stx;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return err_sys(err, "read a mount id");
	if ((stx.stx_mask & STATX_MNT_ID) == 0)
		return err_set(err, ERR_UNSUPPORTED, "mount ids need Linux 5.8");
	*out = stx.stx_mnt_id;
	return 0;
}

int mount_same(int fd_a, int fd_b, struct err *err)
{
	uint64_t a, b;
	if (mount_id(fd_a, &a, err) < 0 || mount_id(fd_b, &b, err) < 0)
		return -1;
	return a == b;
}

long mount_fs_magic(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 ? (long)fs.f_type : -1;
}
