/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the symlinks beside them. Nodes are made on descriptors of directories that
 * were resolved inside the container's root; where the kernel forbids mknod (a user namespace) the
 * host's node is bound, after a look at what it is.
 * Which devices a container may use is not decided here: that is the cgroup's business.
 */
#include "kernel/root/root.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const struct root_device root_default_devices[] = {
	{ "/dev/null", S_IFCHR | 0666, 1, 3, 0, 0 },
	{ "/dev/zero", S_IFCHR | 0666, 1, 5, 0, 0 },
	{ "/dev/full", S_IFCHR | 0666, 1, 7, 0, 0 },
	{ "/dev/random", S_IFCHR | 0666, 1, 8, 0, 0 },
	{ "/dev/urandom", S_IFCHR | 0666, 1, 9, 0, 0 },
	{ "/dev/tty", S_IFCHR | 0666, 5, 0, 0, 0 },
};
const size_t root_default_devices_len = ARRAY_LEN(root_default_devices);

/* What one call of root_make_devices remembers from node to node. */
struct device_maker {
	int root_fd;
	char parent[PATH_MAX]; /* container path of parent_fd */
	int parent_fd;
	bool must_bind; /* mknod was refused once: the next will be too */
};

static bool is_device(const struct stat *st, const struct root_device *device)
{
	if ((st->st_mode & S_IFMT) != (device->mode & S_IFMT))
		return false;
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(device->major, device->minor);
}

/* Open the directory of `path` (made if missing) unless it is the one opened last.
 * @return the last component, borrowed from `path`, or NULL */
static const char *enter_parent(struct device_maker *maker, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    len >= sizeof(maker->parent)) {
		err_set(err, ERR_INVALID, "device path is not a name in a directory");
		return NULL;
	}
	if (maker->parent_fd >= 0 && strncmp(maker->parent, path, len) == 0 &&
	    maker->parent[len] == '\0')
		return name;
	memcpy(maker->parent, path, len);
	maker->parent[len] = '\0';
	fd_close(&maker->parent_fd);
	maker->parent_fd = rooted_mkdirs(maker->root_fd, maker->parent, 0755, err);
	return maker->parent_fd >= 0 ? name : NULL;
}

/* The host's node under the name it has in the container, else under its numbers.
 * @return owned O_PATH fd of exactly this device, or -1 */
static int open_host_node(const struct root_device *device, struct err *err)
{
	char by_number[64];
	snprintf(by_number, sizeof(by_number), "/dev/%s/%u:%u",
		 S_ISBLK(device->mode) ? "block" : "char", device->major, device->minor);
	const char *const paths[] = { device->path, by_number };
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (strncmp(paths[i], "/dev/", 5) != 0)
			continue;
		AUTO_FD fd = open(paths[i], O_PATH | O_CLOEXEC);
		struct stat st;
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
			continue;
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_sys(err, "look for device %u:%u at %s", device->major,
				       device->minor, paths[i]);
		if (is_device(&st, device))
			return fd_take(&fd);
	}
	return err_set(err, ERR_NOT_FOUND, "the host has no device %u:%u at %s", device->major,
		       device->minor, device->path);
}

static int bind_host_node(struct device_maker *maker, const char *name,
			  const struct root_device *device, struct err *err)
{
	AUTO_FD host_fd = open_host_node(device, err);
	if (host_fd < 0)
		return -1;
	AUTO_FD clone_fd = mount_clone(host_fd, "", false, err);
	if (clone_fd < 0)
		return -1;
	AUTO_FD file_fd = openat(maker->parent_fd, name,
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (file_fd < 0)
		return err_sys(err, "make an empty file");
	return mount_attach(clone_fd, file_fd, err);
}

/* Something is there: fine if it is this very device, or the link that leads to it. */
static int accept_existing(struct device_maker *maker, const char *name,
			   const struct root_device *device, struct err *err)
{
	struct stat st;
	if (fstatat(maker->parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "examine what is there");
	if (S_ISLNK(st.st_mode) && strcmp(device->path, "/dev/ptmx") == 0)
		return 0;
	if (!is_device(&st, device))
		return err_set(err, ERR_CONFLICT, "something else is there already");
	return 0;
}

static int make_device(struct device_maker *maker, const struct root_device *device,
		       struct err *err)
{
	const char *name = enter_parent(maker, device->path, err);
	if (name == NULL)
		return -1;
	if (maker->must_bind && !S_ISFIFO(device->mode))
		return bind_host_node(maker, name, device, err);
	if (mknodat(maker->parent_fd, name, device->mode, makedev(device->major, device->minor)) <
	    0) {
		if (errno == EEXIST)
			return accept_existing(maker, name, device, err);
		if (errno != EPERM)
			return err_sys(err, "mknod");
		maker->must_bind = true;
		return bind_host_node(maker, name, device, err);
	}
	if ((device->uid != 0 || device->gid != 0) &&
	    fchownat(maker->parent_fd, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "change owner");
	return 0;
}

int root_make_devices(int root_fd, const struct root_device *devices, size_t len, struct err *err)
{
	struct device_maker maker = { .root_fd = root_fd, .parent_fd = -1 };
	int result = 0;
	/* The mode is the config's, whatever umask we were started with. */
	mode_t old_umask = umask(0);
	for (size_t i = 0; i < len && result == 0; i++) {
		result = make_device(&maker, &devices[i], err);
		if (result < 0)
			err_context(err, "make device %s", devices[i].path);
	}
	umask(old_umask);
	fd_close(&maker.parent_fd);
	return result;
}

int root_make_dev_links(int dev_fd, struct err *err)
{
	static const struct {
		const char *target, *name;
	} links[] = {
		{ "/proc/self/fd", "fd" },       { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "/proc/kcore", "core" },       { "pts/ptmx", "ptmx" },
	};
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		/* What a config or an image has put there stays. */
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return err_sys(err, "make symlink /dev/%s", links[i].name);
	return 0;
}
