/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idmapped mounts: owners of files shown and stored through the maps of a user namespace. It is
 * for the file system to allow; the kernel says only EINVAL, so the error names the file system.
 * Kernel: 5.12 (ext4, fat), 5.15 btrfs, 5.19 overlay layers, 6.3 tmpfs.
 */
#include "kernel/mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>

struct fs_name {
	char text[40];
};

static struct fs_name fs_name_of(int fd)
{
	static const struct {
		long magic;
		const char *name;
	} known[] = {
		{ OVERLAYFS_SUPER_MAGIC, "overlay" }, { TMPFS_MAGIC, "tmpfs" },
		{ EXT4_SUPER_MAGIC, "ext4" },         { XFS_SUPER_MAGIC, "xfs" },
		{ BTRFS_SUPER_MAGIC, "btrfs" },       { NFS_SUPER_MAGIC, "nfs" },
		{ PROC_SUPER_MAGIC, "proc" },         { SYSFS_MAGIC, "sysfs" },
		{ DEVPTS_SUPER_MAGIC, "devpts" },     { V9FS_MAGIC, "9p" },
		{ FUSE_SUPER_MAGIC, "fuse" },         { CGROUP2_SUPER_MAGIC, "cgroup2" },
		{ CGROUP_SUPER_MAGIC, "cgroup" },     { RAMFS_MAGIC, "ramfs" },
		{ SQUASHFS_MAGIC, "squashfs" },       { F2FS_SUPER_MAGIC, "f2fs" },
	};
	long magic = mount_fs_magic(fd);
	struct fs_name name;
	snprintf(name.text, sizeof(name.text), "of type 0x%lx", magic);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].magic == magic)
			snprintf(name.text, sizeof(name.text), "%s", known[i].name);
	return name;
}

int mount_set_idmap(int mount_fd, int userns_fd, bool recursive, struct err *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)(unsigned)userns_fd,
	};
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	if (mount_setattr(mount_fd, "", flags, &attr, sizeof(attr)) == 0)
		return 0;
	if (errno == ENOSYS)
		return err_set(err, ERR_UNSUPPORTED, "idmapped mounts need Linux 5.12");
	if (errno != EINVAL)
		return err_sys(err, "idmap a mount of a file system %s", fs_name_of(mount_fd).text);
	err_set(err, ERR_UNSUPPORTED,
		"the file system %s%s cannot be mounted with mapped ids on this kernel",
		fs_name_of(mount_fd).text, recursive ? ", or one mounted below it," : "");
	return -1;
}
