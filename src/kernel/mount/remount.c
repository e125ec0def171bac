/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount(2) changes the attributes of a mount only where it is attached, one mount at a time, and
 * replaces all of them at once. So: a detached tree gets a place in a mount namespace that lasts
 * as long as the call, where it is also made the root, so that the mounts listed are the tree's.
 * Kernel: 5.10; from 5.12 on nothing comes here.
 */
#include "kernel/mount/remount.h"

#include "base/buf.h"
#include "kernel/mount/aside.h"
#include "kernel/mount/mount.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MOUNTINFO_MAX_BYTES (16u << 20)
#define ST_NOSYMFOLLOW_BIT  0x2000 /* ST_NOSYMFOLLOW; statfs(2) */

struct remount {
	int mount_fd;
	uint64_t set, clear;
	bool recursive;
	struct err *err;
};

static const struct {
	unsigned long st, ms;
	uint64_t attr;
} flag_table[] = {
	{ ST_RDONLY, MS_RDONLY, MOUNT_ATTR_RDONLY },
	{ ST_NOSUID, MS_NOSUID, MOUNT_ATTR_NOSUID },
	{ ST_NODEV, MS_NODEV, MOUNT_ATTR_NODEV },
	{ ST_NOEXEC, MS_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ ST_NODIRATIME, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
	{ ST_NOSYMFOLLOW_BIT, MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
};

/* The access time, a field of three values: what is wished, else what is. */
static unsigned long atime_flag(const struct remount *remount, unsigned long st_flags)
{
	if (((remount->set | remount->clear) & MOUNT_ATTR__ATIME) != 0) {
		if ((remount->set & MOUNT_ATTR_NOATIME) != 0)
			return MS_NOATIME;
		return (remount->set & MOUNT_ATTR_STRICTATIME) != 0 ? MS_STRICTATIME : MS_RELATIME;
	}
	if ((st_flags & ST_NOATIME) != 0)
		return MS_NOATIME;
	return (st_flags & ST_RELATIME) != 0 ? MS_RELATIME : MS_STRICTATIME;
}

/* @return 0, or -1 with errno */
static int remount_path(const struct remount *remount, const char *path)
{
	struct statvfs st;
	if (statvfs(path, &st) < 0)
		return -1;
	unsigned long flags = MS_REMOUNT | MS_BIND | atime_flag(remount, st.f_flag);
	for (size_t i = 0; i < ARRAY_LEN(flag_table); i++) {
		bool is_set = (st.f_flag & flag_table[i].st) != 0;
		is_set &= (remount->clear & flag_table[i].attr) == 0;
		if (is_set || (remount->set & flag_table[i].attr) != 0)
			flags |= flag_table[i].ms;
	}
	return mount(NULL, path, NULL, flags, NULL);
}

/* "\040" and its like, in place. */
static void unescape_octal(char *text)
{
	char *out = text;
	for (const char *in = text; *in != '\0'; in++) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
		    in[3] >= '0' && in[3] <= '7') {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
}

/* The fifth field of a line of mountinfo, cut out of it. NULL if there is none. */
static char *mount_point_of(char *line)
{
	for (int i = 0; i < 4 && line != NULL; i++) {
		line = strchr(line, ' ');
		line = line != NULL ? line + 1 : NULL;
	}
	if (line == NULL)
		return NULL;
	line[strcspn(line, " ")] = '\0';
	unescape_octal(line);
	return line;
}

static int remount_listed(const struct remount *remount, int proc_fd)
{
	AUTO(struct buf, buf_done) text = { 0 };
	/* Opened after chroot(2): it lists what is below the root of the reader. */
	AUTO_FD info_fd = openat(proc_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
	if (info_fd < 0)
		return err_sys(remount->err, "open mountinfo");
	text.max_bytes = MOUNTINFO_MAX_BYTES + 4096;
	if (fd_read_all(info_fd, MOUNTINFO_MAX_BYTES, "mountinfo", &text, remount->err) < 0)
		return -1;
	char *next = text.data;
	for (char *line; (line = strsep(&next, "\n")) != NULL;) {
		const char *path = mount_point_of(line);
		if (path != NULL && remount_path(remount, path) < 0)
			return err_sys(remount->err, "set attributes of the mount %s", path);
	}
	return 0;
}

/* Make the tree our root and go through what is mounted in it. */
static int remount_tree(const struct remount *remount)
{
	AUTO_FD proc_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return err_sys(remount->err, "open /proc/self");
	if (fchdir(remount->mount_fd) < 0 || chroot(".") < 0)
		return err_sys(remount->err, "enter the mount");
	return remount_listed(remount, proc_fd);
}

static int remount_elsewhere(void *argument)
{
	const struct remount *remount = argument;
	struct stat st;
	if (fstat(remount->mount_fd, &st) < 0)
		return err_sys(remount->err, "examine the mount");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(remount->err, "make a mount namespace");
	if (mount_change_all(MS_PRIVATE, remount->err) < 0)
		return -1;
	AUTO_FD target_fd = open(S_ISDIR(st.st_mode) ? "/" : "/dev/null", O_PATH | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(remount->err, "open a place for the mount");
	if (mount_attach(remount->mount_fd, target_fd, remount->err) < 0)
		return -1;
	if (remount->recursive && S_ISDIR(st.st_mode)) {
		if (remount_tree(remount) < 0)
			return -1;
	} else if (remount_path(remount, fd_proc_path(remount->mount_fd).text) < 0) {
		return err_sys(remount->err, "set mount attributes");
	}
	AUTO_FD clone_fd = mount_clone(remount->mount_fd, "", true, remount->err);
	if (clone_fd < 0)
		return -1;
	return dup3(clone_fd, remount->mount_fd, O_CLOEXEC) < 0
		       ? err_sys(remount->err, "hand the mount over")
		       : 0;
}

int mount_remount_attrs(int mount_fd, uint64_t set, uint64_t clear, bool recursive, struct err *err)
{
	struct err unused;
	struct remount remount = {
		.mount_fd = mount_fd,
		.set = set,
		.clear = clear,
		.recursive = recursive,
		.err = err != NULL ? err : &unused,
	};
	/* EINVAL is the answer for what is not attached in our mount namespace. */
	if (recursive && remount_path(&(struct remount){ 0 }, fd_proc_path(mount_fd).text) == 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "attributes of a whole attached tree need Linux 5.12");
	if (!recursive && remount_path(&remount, fd_proc_path(mount_fd).text) == 0)
		return 0;
	if (errno != EINVAL)
		return err_sys(err, "set mount attributes");
	return mount_run_aside(remount_elsewhere, &remount, err);
}
