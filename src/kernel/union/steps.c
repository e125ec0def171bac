/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options every union has, its creation, and whose credentials it is created with. Which
 * layers there are, and how the kernel is told, is for the callers.
 * Kernel: 5.10.
 */
#include "kernel/union/steps.h"

#include "kernel/mount/mount.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NO_ID 65534u /* what stat(2) shows for an owner that has no mapping */

static int set_flag(int fs_fd, const char *key, const char *value, struct err *err)
{
	int result = value != NULL ? fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0)
				   : fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	if (result == 0)
		return 0;
	int errnum = errno;
	err_sys(err, "overlay option %s", key);
	mount_explain(fs_fd, err);
	errno = errnum;
	return -1;
}

int overlay_set_options(int fs_fd, const struct overlay *overlay, struct err *err)
{
	/* userxattr implies redirect_dir=off in the kernel, which refuses to hear it said. */
	if (overlay->is_unprivileged) {
		if (set_flag(fs_fd, "userxattr", NULL, err) < 0)
			return -1;
	} else if (set_flag(fs_fd, "redirect_dir", "off", err) < 0 ||
		   set_flag(fs_fd, "metacopy", "off", err) < 0) {
		return -1;
	}
	if (overlay->upper != NULL && set_flag(fs_fd, "index", "off", err) < 0)
		return -1;
	return overlay->is_volatile ? set_flag(fs_fd, "volatile", NULL, err) : 0;
}

static bool is_on_overlay(const struct overlay *overlay)
{
	struct statfs fs;
	return overlay->upper != NULL && fstatfs(overlay->base_dir_fd, &fs) == 0 &&
	       fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

int overlay_create(int fs_fd, const struct overlay *overlay, struct err *err)
{
	int fd = mount_create(fs_fd, "overlay", 0, err);
	if (fd < 0 && is_on_overlay(overlay))
		err_hint(err, "the writable layer cannot lie on an overlay file system: put the "
			      "store on another one (inside a container: a volume or a tmpfs)");
	else if (fd < 0 && overlay->is_volatile)
		err_hint(err, "a work directory cannot be used again after a volatile mount");
	return fd;
}

static int set_caps(const struct __user_cap_data_struct *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	return (int)syscall(SYS_capset, &header, caps);
}

int overlay_act_as(uid_t uid, gid_t gid, struct overlay_actor *out_before, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct overlay_actor before;
	if (uid == NO_ID || gid == NO_ID)
		return err_set(err, ERR_INVALID,
			       "the owner of the overlay work directory has no mapping");
	if (syscall(SYS_capget, &header, before.caps) < 0)
		return err_sys(err, "read capabilities");
	before.gid = (gid_t)setfsgid(gid);
	before.uid = (uid_t)setfsuid(uid);
	*out_before = before;
	/* A change of the fsuid from 0 takes the file capabilities out of the effective set. */
	if (set_caps(before.caps) == 0)
		return 0;
	err_sys(err, "keep capabilities");
	overlay_act_again(&before);
	return -1;
}

void overlay_act_again(const struct overlay_actor *before)
{
	setfsuid(before->uid);
	setfsgid(before->gid);
	set_caps(before->caps);
}
