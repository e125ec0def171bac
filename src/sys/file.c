/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Small files: read whole, replaced whole, by directory descriptor and name.
 * Names are ours, never taken from a container's tree: that is sys/rooted.h.
 */
#include "sys/file.h"

#include "base/id.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(int dir_fd, const char *name, size_t max_bytes, struct buf *out, struct err *err)
{
	/* O_NONBLOCK: a FIFO in the file's place must not hang us. */
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "read %s: no such file", name);
	if (fd < 0)
		return err_sys(err, "open %s", name);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "read %s: not a regular file", name);
	size_t old_len = out->len;
	if (fd_read_all(fd, max_bytes, name, out, err) == 0)
		return 0;
	out->len = old_len;
	if (out->data != NULL)
		out->data[old_len] = '\0';
	return -1;
}

int file_write_once(int fd, const char *name, const char *value, struct err *err)
{
	size_t len = strlen(value);
	ssize_t n;
	do {
		n = write(fd, value, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "write \"%s\" to %s", value, name);
	if ((size_t)n != len)
		return err_num(err, EIO, "write \"%s\" to %s: %zd bytes taken", value, name, n);
	return 0;
}

int file_write_control(int dir_fd, const char *name, const char *value, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", name);
	return file_write_once(fd, name, value, err);
}

/* A directory held by O_PATH cannot be synced: then by a second descriptor. */
static int sync_directory(int dir_fd)
{
	if (dir_fd != AT_FDCWD && fsync(dir_fd) == 0)
		return 0;
	if (dir_fd != AT_FDCWD && errno != EBADF)
		return -1;
	AUTO_FD fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fsync(fd) : -1;
}

static int write_new(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		     bool is_synced)
{
	AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    mode & 0700);
	if (fd < 0)
		return -1;
	/* By fchmod and not by open: whatever the umask is, the mode is the one asked for. */
	if (fd_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0)
		return -1;
	return is_synced ? fsync(fd) : 0;
}

int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		 enum file_durability durability, struct err *err)
{
	char random[ID_SIZE];
	char fresh[NAME_MAX + 1];
	id_new(random);
	int n = snprintf(fresh, sizeof(fresh), ".%s.new-%.*s", name, ID_SHORT_LEN, random);
	if (n >= (int)sizeof(fresh) || strchr(name, '/') != NULL)
		return err_num(err, n >= (int)sizeof(fresh) ? ENAMETOOLONG : EINVAL, "write %s",
			       name);
	bool is_synced = durability == FILE_DURABLE;
	if (write_new(dir_fd, fresh, data, len, mode, is_synced) < 0 ||
	    renameat(dir_fd, fresh, dir_fd, name) < 0) {
		err_sys(err, "write %s", name);
		unlinkat(dir_fd, fresh, 0);
		return -1;
	}
	if (is_synced && sync_directory(dir_fd) < 0)
		return err_sys(err, "write %s: sync its directory", name);
	return 0;
}

int file_open_dir(int dir_fd, const char *name, mode_t mode, struct err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);
	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : err_sys(err, "open directory %s", name);
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return err_sys(err, "make directory %s", name);
	fd = openat(dir_fd, name, flags);
	return fd >= 0 ? fd : err_sys(err, "open directory %s", name);
}
