/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One namespace at a time: open it, check what it is, enter it, make it. Nothing here knows of
 * containers, or in which order namespaces are entered; that is the boot's business. A namespace
 * is a descriptor from the moment it is opened: a pid may belong to somebody else by the time of
 * the setns, a descriptor may not.
 * Kernel: 5.10; time namespaces may be missing from its configuration.
 */
#include "kernel/ns/ns.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const struct ns_info ns_table[NS_COUNT] = {
	[NS_USER] = { "user", "user", "user", CLONE_NEWUSER, "user and group ids, capabilities" },
	[NS_CGROUP] = { "cgroup", "cgroup", "cgroup", CLONE_NEWCGROUP,
			"the root of the control group tree" },
	[NS_IPC] = { "ipc", "ipc", "ipc", CLONE_NEWIPC, "System V IPC and POSIX message queues" },
	[NS_UTS] = { "uts", "uts", "uts", CLONE_NEWUTS, "host name and domain name" },
	[NS_NET] = { "network", "net", "net", CLONE_NEWNET,
		     "network devices, addresses, routes, ports" },
	[NS_PID] = { "pid", "pid", "pid_for_children", CLONE_NEWPID, "process ids" },
	[NS_TIME] = { "time", "time", "time_for_children", CLONE_NEWTIME,
		      "the monotonic and boot-time clocks" },
	[NS_MOUNT] = { "mount", "mnt", "mnt", CLONE_NEWNS, "the mount table" },
};

const struct ns_info *ns_info(enum ns_type type)
{
	return &ns_table[type];
}

int ns_type_by_name(const char *name)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (strcmp(ns_table[i].name, name) == 0 || strcmp(ns_table[i].proc, name) == 0)
			return i;
	return -1;
}

static const char *name_of_flag(int clone_flag)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (ns_table[i].clone_flag == clone_flag)
			return ns_table[i].name;
	return "unknown";
}

int ns_open(enum ns_type type, const char *path, struct err *err)
{
	/* O_NONBLOCK: whatever the path turns out to be, opening it must not wait. */
	AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s namespace %s", ns_table[type].name, path);
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, "open %s namespace %s", ns_table[type].name, path);
	if (fs.f_type != NSFS_MAGIC)
		return err_set(err, ERR_INVALID, "%s is not a namespace", path);
	int clone_flag = ioctl(fd, NS_GET_NSTYPE);
	if (clone_flag < 0)
		return err_set(err, ERR_INVALID, "%s is not a namespace", path);
	if (clone_flag != ns_table[type].clone_flag)
		return err_set(err, ERR_INVALID, "%s is a %s namespace, not a %s namespace", path,
			       name_of_flag(clone_flag), ns_table[type].name);
	return fd_take(&fd);
}

int ns_open_pid(enum ns_type type, pid_t pid, struct err *err)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, ns_table[type].proc);
	return ns_open(type, path, err);
}

int ns_join(enum ns_type type, int ns_fd, struct err *err)
{
	if (setns(ns_fd, ns_table[type].clone_flag) == 0)
		return 0;
	int errnum = errno;
	err_sys(err, "join %s namespace", ns_table[type].name);
	if (errnum == EINVAL && type == NS_USER)
		err_hint(err, "the caller is in this user namespace already, or has threads");
	return -1;
}

int ns_unshare(enum ns_type type, struct err *err)
{
	if (unshare(ns_table[type].clone_flag) == 0)
		return 0;
	int errnum = errno;
	err_sys(err, "make %s namespace", ns_table[type].name);
	if (errnum == EINVAL)
		err_hint(err, "this kernel may be built without %s namespaces",
			 ns_table[type].name);
	if (errnum == ENOSPC)
		err_hint(err, "see the limits in /proc/sys/user");
	if (errnum == EPERM && type == NS_USER)
		err_hint(err, "user namespaces may be switched off for unprivileged users");
	return -1;
}
