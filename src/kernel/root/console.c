/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's terminal: a pair from the devpts of the container itself, so that its names and
 * owners are right inside. The slave comes from the master by ioctl, never by the name of a node.
 * Kernel: 4.13 for TIOCGPTPEER.
 */
#include "kernel/root/root.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define PTMX_MAJOR 5
#define PTMX_MINOR 2

/* A directory that is a devpts: only then may anything in it be opened for real. */
static int open_devpts(int root_fd, struct err *err)
{
	AUTO_FD fd = rooted_open_nosymlink(root_fd, "/dev/pts", O_PATH | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	long magic = mount_fs_magic(fd);
	if (magic < 0)
		return err_sys(err, "examine /dev/pts");
	if (magic != DEVPTS_SUPER_MAGIC)
		return err_set(err, ERR_INVALID, "/dev/pts is not a devpts file system");
	return fd_take(&fd);
}

static int open_master(int pts_fd, struct err *err)
{
	AUTO_FD fd = openat(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open /dev/pts/ptmx");
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "check /dev/pts/ptmx");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return err_set(err, ERR_INVALID, "/dev/pts/ptmx is not the terminal multiplexer");
	return fd_take(&fd);
}

static int open_slave(int pts_fd, int master_fd, struct err *err)
{
	int unlocked = 0;
	if (ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return err_sys(err, "unlock the terminal");
	AUTO_FD fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the terminal");
	struct stat pts, slave;
	if (fstat(pts_fd, &pts) < 0 || fstat(fd, &slave) < 0)
		return err_sys(err, "check the terminal");
	if (!S_ISCHR(slave.st_mode) || slave.st_dev != pts.st_dev)
		return err_set(err, ERR_INVALID, "the terminal is not of the container's devpts");
	return fd_take(&fd);
}

int root_open_console(int root_fd, int *out_slave_fd, struct err *err)
{
	AUTO_FD pts_fd = open_devpts(root_fd, err);
	if (pts_fd < 0)
		return -1;
	AUTO_FD master_fd = open_master(pts_fd, err);
	if (master_fd < 0)
		return -1;
	int slave_fd = open_slave(pts_fd, master_fd, err);
	if (slave_fd < 0)
		return -1;
	*out_slave_fd = slave_fd;
	return fd_take(&master_fd);
}

int root_bind_console(int root_fd, int slave_fd, struct err *err)
{
	AUTO_FD dev_fd = rooted_open_nosymlink(root_fd, "/dev", O_PATH | O_DIRECTORY, 0, err);
	if (dev_fd < 0)
		return -1;
	AUTO_FD file_fd = openat(dev_fd, "console",
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file_fd < 0 && errno != EEXIST)
		return err_sys(err, "make /dev/console");
	if (file_fd < 0)
		file_fd = openat(dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (file_fd < 0 || fstat(file_fd, &st) < 0)
		return err_sys(err, "open /dev/console");
	if (S_ISLNK(st.st_mode))
		return err_set(err, ERR_CONFLICT, "/dev/console is a symbolic link");
	AUTO_FD clone_fd = mount_clone(slave_fd, "", false, err);
	if (clone_fd < 0 || mount_attach(clone_fd, file_fd, err) < 0)
		return err_context(err, "bind /dev/console");
	return 0;
}
