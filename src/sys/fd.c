/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void fd_close(int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd);
	errno = saved;
	*fd = -1;
}

int fd_open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *next = data;
	while (len > 0) {
		ssize_t n = write(fd, next, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		next += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_all(int fd, size_t max_bytes, const char *what, struct buf *out, struct err *err)
{
	size_t chunk = 4096;
	for (size_t total = 0;;) {
		buf_reserve(out, chunk);
		ssize_t n = read(fd, out->data + out->len, chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s", what);
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max_bytes)
			return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", what,
				       max_bytes);
		out->len += (size_t)n;
		out->data[out->len] = '\0';
		if (chunk < 65536)
			chunk *= 2;
	}
}

#define FD_LISTED_MAX 65536 /* how far the fallback looks */

/* Below Linux 5.9: walk the list the kernel has of us, and then the numbers, since the /proc may be
 * a container's, which does not show us or is none. */
static void close_listed(int first)
{
	DIR *dir = opendir("/proc/self/fd");
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		int fd = (int)strtol(entry->d_name, NULL, 10); /* "." and ".." are 0: below first */
		if (fd >= first && fd != dirfd(dir))
			close(fd);
	}
	if (dir != NULL)
		closedir(dir);
	for (int fd = first; fd < FD_LISTED_MAX; fd++)
		close(fd);
}

void fd_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) < 0)
		close_listed(first);
}

void fd_cloexec_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	struct rlimit limit = { .rlim_cur = 1024 };
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; (rlim_t)fd < limit.rlim_cur && fd < FD_LISTED_MAX; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int fd_reopen(int own_fds_fd, int fd, int flags)
{
	struct fd_path path = fd_proc_path(fd);
	if (own_fds_fd < 0)
		return open(path.text, flags);
	return openat(own_fds_fd, strrchr(path.text, '/') + 1, flags);
}

struct fd_path fd_proc_path(int fd)
{
	struct fd_path path;
	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}
