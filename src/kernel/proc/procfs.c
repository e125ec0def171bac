/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opening procfs so that no mount, symlink or magic link of a container can stand in between:
 * a detached mount of our own, resolved by openat2 without symlinks and without crossing mounts,
 * and checked to be procfs at the end. Assumes Linux 5.6 (openat2).
 */
#include "kernel/proc/procfs.h"

#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PROC_ROOT_INODE 1 /* include/linux/proc_fs.h: the root of every procfs */

static int check_is_procfs(int fd, const char *path, struct err *err)
{
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, "statfs %s", path);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, ERR_INVALID, "%s is not procfs", path);
	return 0;
}

/* Where no procfs may be made (a user namespace that does not own its pid namespace). */
static int open_host_proc(struct err *err)
{
	AUTO_FD fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open /proc");
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat /proc");
	if (check_is_procfs(fd, "/proc", err) < 0)
		return -1;
	if (st.st_ino != PROC_ROOT_INODE)
		return err_set(err, ERR_INVALID, "/proc is not the root of a procfs");
	return fd_take(&fd);
}

int procfs_open(struct err *err)
{
	AUTO_FD context_fd = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
	if (context_fd < 0 ||
	    syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return open_host_proc(err);
	int fd = (int)syscall(SYS_fsmount, context_fd, FSMOUNT_CLOEXEC,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd >= 0 ? fd : open_host_proc(err);
}

int procfs_open_below(int dir_fd, const char *path, int flags, struct err *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	AUTO_FD fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	if (fd < 0)
		return err_sys(err, "open %s in procfs", path);
	if (check_is_procfs(fd, path, err) < 0)
		return -1;
	return fd_take(&fd);
}

int procfs_open_self(int proc_fd, struct err *err)
{
	/* The pid as this procfs counts it, which after a change of namespaces is not getpid(). */
	char pid[32];
	ssize_t n = readlinkat(proc_fd, "self", pid, sizeof(pid) - 1);
	if (n < 0)
		return err_sys(err, "read the link self in procfs");
	pid[n] = '\0';
	if (n == 0 || pid[strspn(pid, "0123456789")] != '\0')
		return err_set(err, ERR_INVALID, "procfs: self is \"%s\" and no process id", pid);
	return procfs_open_below(proc_fd, pid, O_PATH | O_DIRECTORY, err);
}

int procfs_write(int dir_fd, const char *path, const char *value, struct err *err)
{
	AUTO_FD fd = procfs_open_below(dir_fd, path, O_WRONLY, err);
	if (fd < 0)
		return -1;
	return file_write_once(fd, path, value, err);
}
