/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rights, as far as user namespaces decide them. The initial user namespace is told by the number
 * of its inode, which is part of the kernel's interface (PROC_USER_INIT_INO since 3.8, in
 * <linux/nsfs.h> since 6.17): the map of a namespace below it can look the same.
 * Kernel: 4.9 for NS_GET_USERNS.
 */
#include "kernel/ns/privilege.h"

#include "kernel/caps/caps.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define USER_NS_INITIAL_INODE 0xEFFFFFFDu

/* The kernel shows the owner only to those in it or above: EPERM means that it is not ours. */
static bool owns_mount_namespace(ino_t user_ns_inode)
{
	AUTO_FD mnt_ns_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	AUTO_FD owner_fd = mnt_ns_fd >= 0 ? ioctl(mnt_ns_fd, NS_GET_USERNS) : -1;
	struct stat st;
	return owner_fd >= 0 && fstat(owner_fd, &st) == 0 && st.st_ino == user_ns_inode;
}

uid_t ns_outside_uid(void)
{
	char text[4096]; /* 340 lines would fit; the kernel takes as many */
	uid_t uid = geteuid();
	unsigned inside, outside, len;
	int used = 0;
	AUTO_FD fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	text[n > 0 ? n : 0] = '\0';
	for (const char *at = text; sscanf(at, "%u %u %u%n", &inside, &outside, &len, &used) == 3;
	     at += used)
		if (uid >= inside && uid - inside < len)
			return outside + (uid - inside);
	return uid;
}

int ns_privilege_read(struct ns_privilege *out, struct err *err)
{
	struct stat st;
	bool has_user_namespaces = stat("/proc/self/ns/user", &st) == 0;
	if (!has_user_namespaces && errno != ENOENT)
		return err_sys(err, "examine /proc/self/ns/user");
	if (!has_user_namespaces && access("/proc/self/ns", F_OK) < 0)
		return err_sys(err, "examine /proc/self/ns");
	out->is_initial = !has_user_namespaces || st.st_ino == USER_NS_INITIAL_INODE;
	out->has_sys_admin = caps_has_effective(CAP_SYS_ADMIN);
	out->owns_mounts = out->has_sys_admin &&
			   (out->is_initial || owns_mount_namespace(st.st_ino));
	return 0;
}

bool ns_groups_are_fixed(int errnum)
{
	/* Of the two reasons for EPERM, this is the one that is left. */
	return errnum == EPERM && caps_has_effective(CAP_SETGID);
}

static const struct {
	const char *path;
	long forbids; /* its value when it does */
	const char *hint;
} switches[] = {
	{ "/proc/sys/user/max_user_namespaces", 0,
	  "no user namespaces are allowed here: as root, sysctl -w "
	  "user.max_user_namespaces=15000" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", 0,
	  "user namespaces are switched off for ordinary users: as root, "
	  "sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
	  "AppArmor keeps rights in user namespaces from programs without a profile: give this one "
	  "a profile with \"userns,\", or as root, "
	  "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
};

void ns_explain_refusal(struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++) {
		char text[32];
		AUTO_FD fd = open(switches[i].path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
		if (n <= 0)
			continue;
		text[n] = '\0';
		if (strtol(text, NULL, 10) == switches[i].forbids) {
			err_hint(err, "%s", switches[i].hint);
			return;
		}
	}
}
