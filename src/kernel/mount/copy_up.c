/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image has in a directory, copied into the fresh file system that will hide it. Both are
 * descriptors; names come from reading the directory, one level at a time, and no symlink is ever
 * followed. Mounts below the directory are left out: their mount point is copied, empty.
 * Kernel: any.
 */
#include "kernel/mount/mount.h"

#include "base/mem.h"
#include "base/warn.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DEPTH_MAX       128
#define CHUNK_BYTES     (1u << 20)
#define XATTR_LIST_MAX  65536 /* XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel */
#define XATTR_VALUE_MAX 65536

/* One directory on both sides. */
struct level {
	int from_fd, to_fd;
	dev_t dev;
	unsigned depth;
};

static int copy_level(const struct level *level, struct err *err);

static void close_dir(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

/* What the new file system cannot hold is left out: attributes are no reason not to start. */
static void copy_xattrs(int from_fd, int to_fd)
{
	ssize_t len = flistxattr(from_fd, NULL, 0);
	if (len <= 0 || len > XATTR_LIST_MAX)
		return;
	AUTO_FREE char *names = mem_alloc(1, XATTR_LIST_MAX);
	AUTO_FREE char *value = mem_alloc(1, XATTR_VALUE_MAX);
	len = flistxattr(from_fd, names, XATTR_LIST_MAX);
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		ssize_t value_len = fgetxattr(from_fd, name, value, XATTR_VALUE_MAX);
		if (value_len >= 0)
			fsetxattr(to_fd, name, value, (size_t)value_len, 0);
	}
}

static int copy_attributes(const struct level *level, const char *name, const struct stat *st,
			   struct err *err)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	if (fchownat(level->to_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "change the owner of %s", name);
	/* After the owner: a change of owner takes set-id bits away. */
	if (!S_ISLNK(st->st_mode) && fchmodat(level->to_fd, name, st->st_mode & 07777, 0) < 0)
		return err_sys(err, "change the mode of %s", name);
	if (utimensat(level->to_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "change the times of %s", name);
	return 0;
}

static int copy_file(const struct level *level, const char *name, struct err *err)
{
	/* O_NONBLOCK: it was a regular file a moment ago. */
	AUTO_FD from_fd = openat(level->from_fd, name,
				 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	if (from_fd < 0 || fstat(from_fd, &st) < 0)
		return err_sys(err, "open %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%s changed while it was copied", name);
	AUTO_FD to_fd = openat(level->to_fd, name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return err_sys(err, "make %s", name);
	for (ssize_t n = 1; n > 0;) {
		n = sendfile(to_fd, from_fd, NULL, CHUNK_BYTES);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "copy %s", name);
		n = n < 0 ? 1 : n;
	}
	copy_xattrs(from_fd, to_fd);
	return copy_attributes(level, name, &st, err);
}

static int copy_dir(const struct level *level, const char *name, const struct stat *st,
		    struct err *err)
{
	if (mkdirat(level->to_fd, name, 0700) < 0)
		return err_sys(err, "make directory %s", name);
	AUTO_FD from_fd = openat(level->from_fd, name,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FD to_fd = openat(level->to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from_fd < 0 || to_fd < 0)
		return err_sys(err, "open directory %s", name);
	struct level below = { from_fd, to_fd, level->dev, level->depth + 1 };
	if (st->st_dev == level->dev && copy_level(&below, err) < 0)
		return err_context(err, "%s", name);
	copy_xattrs(from_fd, to_fd);
	return copy_attributes(level, name, st, err);
}

static int copy_link(const struct level *level, const char *name, const struct stat *st,
		     struct err *err)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(level->from_fd, name, target, sizeof(target) - 1);
	if (len < 0)
		return err_sys(err, "read symlink %s", name);
	target[len] = '\0';
	if (symlinkat(target, level->to_fd, name) < 0)
		return err_sys(err, "make symlink %s", name);
	return copy_attributes(level, name, st, err);
}

static int copy_node(const struct level *level, const char *name, const struct stat *st,
		     struct err *err)
{
	if (mknodat(level->to_fd, name, st->st_mode & (S_IFMT | 0600), st->st_rdev) == 0)
		return copy_attributes(level, name, st, err);
	if (errno != EPERM)
		return err_sys(err, "make node %s", name);
	warn_say("tmpcopyup: device %s is left out, since mknod is not permitted", name);
	return 0;
}

static int copy_entry(const struct level *level, const char *name, struct err *err)
{
	struct stat st;
	if (fstatat(level->from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "examine %s", name);
	if (S_ISREG(st.st_mode))
		return copy_file(level, name, err);
	if (S_ISDIR(st.st_mode))
		return copy_dir(level, name, &st, err);
	if (S_ISLNK(st.st_mode))
		return copy_link(level, name, &st, err);
	return copy_node(level, name, &st, err);
}

static int copy_level(const struct level *level, struct err *err)
{
	if (level->depth > DEPTH_MAX)
		return err_set(err, ERR_INVALID, "more than %d directories deep", DEPTH_MAX);
	/* An open of its own: O_PATH cannot be read, and the position is not ours to move. */
	int list_fd = openat(level->from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(DIR *, close_dir) dir = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (dir == NULL) {
		err_sys(err, "read the directory");
		fd_close(&list_fd);
		return -1;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? 0 : err_sys(err, "read the directory");
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (copy_entry(level, entry->d_name, err) < 0)
			return -1;
	}
}

int mount_copy_up(int from_fd, int to_fd, struct err *err)
{
	struct stat st;
	if (fstat(from_fd, &st) < 0)
		return err_sys(err, "copy up: examine the directory");
	struct level top = { from_fd, to_fd, st.st_dev, 0 };
	return copy_level(&top, err) < 0 ? err_context(err, "copy up") : 0;
}
