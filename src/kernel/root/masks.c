/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hiding paths and making them read-only. What covers a path comes from descriptors that were
 * opened and checked before the container's tree was visible, never from the container's own
 * /dev. The same two mounts are cloned for every path: a new tmpfs each costs eight times as much.
 *
 * A detached mount can be cloned since Linux 6.15 only, an attached one always: so the first use
 * attaches the mount itself, and the later ones clone it where it is.
 */
#include "kernel/root/root.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NULL_MAJOR 1
#define NULL_MINOR 3

static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

bool root_is_null_device(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && is_null_device(&st);
}

int root_masks_open(struct root_masks *out, struct err *err)
{
	AUTO_FD null_fd = mount_clone(AT_FDCWD, "/dev/null", false, err);
	if (null_fd < 0)
		return -1;
	struct stat st;
	if (fstat(null_fd, &st) < 0)
		return err_sys(err, "examine /dev/null");
	if (!is_null_device(&st))
		return err_set(err, ERR_INVALID, "/dev/null of the host is not the null device");
	/* The inode is the host's: read-only keeps chmod and chown away, and not writing to it. */
	if (mount_set_attrs(null_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0,
			    false, err) < 0)
		return -1;
	*out = (struct root_masks){ .null_fd = fd_take(&null_fd), .empty_mnt_fd = -1 };
	return 0;
}

void root_masks_done(struct root_masks *masks)
{
	fd_close(&masks->null_fd);
	fd_close(&masks->empty_mnt_fd);
}

static int new_empty_mount(struct err *err)
{
	static char mode[] = "mode=555";
	static char *words[] = { mode, NULL };
	const struct strv data = { .items = words, .len = 1 };
	return mount_new("tmpfs", "tmpfs", &data,
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				 MOUNT_ATTR_NOEXEC,
			 MS_RDONLY, err);
}

static int cover(int cover_fd, bool *is_attached, int target_fd, struct err *err)
{
	if (!*is_attached) {
		if (mount_attach(cover_fd, target_fd, err) < 0)
			return -1;
		*is_attached = true;
		return 0;
	}
	AUTO_FD clone_fd = mount_clone(cover_fd, "", false, err);
	return clone_fd < 0 ? -1 : mount_attach(clone_fd, target_fd, err);
}

/* @return owned O_PATH fd; -1 with *out_missing and no error if there is nothing */
static int open_target(int root_fd, const char *path, bool *out_missing, struct err *err)
{
	/* No error text for what is usual: most kernels lack some of the default paths. */
	int fd = rooted_open(root_fd, path, O_PATH, 0, NULL);
	*out_missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (fd < 0 && !*out_missing)
		return err_sys(err, "open %s", path);
	return fd;
}

static int cover_target(int target_fd, struct root_masks *masks, struct err *err)
{
	struct stat st;
	if (fstat(target_fd, &st) < 0)
		return err_sys(err, "examine");
	if (!S_ISDIR(st.st_mode))
		return cover(masks->null_fd, &masks->is_null_attached, target_fd, err);
	if (masks->empty_mnt_fd < 0)
		masks->empty_mnt_fd = new_empty_mount(err);
	if (masks->empty_mnt_fd < 0)
		return -1;
	return cover(masks->empty_mnt_fd, &masks->is_empty_attached, target_fd, err);
}

int root_mask_path(int root_fd, struct root_masks *masks, const char *path, struct err *err)
{
	bool is_missing;
	AUTO_FD target_fd = open_target(root_fd, path, &is_missing, err);
	if (target_fd < 0)
		return is_missing ? 0 : err_context(err, "mask %s", path);
	if (cover_target(target_fd, masks, err) < 0)
		return err_context(err, "mask %s", path);
	return 0;
}

int root_readonly_path(int root_fd, const char *path, struct err *err)
{
	bool is_missing;
	AUTO_FD target_fd = open_target(root_fd, path, &is_missing, err);
	if (target_fd < 0)
		return is_missing ? 0 : err_context(err, "make %s read-only", path);
	/* Recursive: in a user namespace the mounts below are locked to it. */
	AUTO_FD tree_fd = mount_clone(target_fd, "", true, err);
	if (tree_fd < 0 || mount_set_attrs(tree_fd, MOUNT_ATTR_RDONLY, 0, true, err) < 0 ||
	    mount_attach(tree_fd, target_fd, err) < 0)
		return err_context(err, "make %s read-only", path);
	return 0;
}
