/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/feed.h"

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SPOIL_BYTES 131072 /* more than one member header and any buffer of a reader */

/* What comes after a failure must not look like the end of an archive. */
static void spoil_archive(int fd)
{
	char garbage[4096];
	memset(garbage, 0xff, sizeof(garbage));
	for (size_t i = 0; i < SPOIL_BYTES; i += sizeof(garbage))
		if (fd_write_all(fd, garbage, sizeof(garbage)) < 0)
			return;
}

/* The child's whole life. The error goes back through a pipe: its size is fixed. */
static void write_archive(feed_write *write, void *arg, int archive_fd, int error_fd) NORETURN;
static void write_archive(feed_write *write, void *arg, int archive_fd, int error_fd)
{
	struct err err = { 0 };
	if (write(arg, archive_fd, &err) == 0)
		_exit(0);
	(void)!fd_write_all(error_fd, &err, sizeof(err));
	spoil_archive(archive_fd);
	_exit(1);
}

static int make_pipe(int *out_read_fd, int *out_write_fd, struct err *err)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	*out_read_fd = fds[0];
	*out_write_fd = fds[1];
	return 0;
}

int feed_start(struct feed *out, feed_write *write, void *arg, struct err *err)
{
	struct process_clone clone = { .cgroup_fd = -1, .out_pidfd = -1 };
	AUTO_FD archive_read_fd = -1, archive_write_fd = -1, error_read_fd = -1,
		error_write_fd = -1;
	if (make_pipe(&archive_read_fd, &archive_write_fd, err) < 0 ||
	    make_pipe(&error_read_fd, &error_write_fd, err) < 0)
		return -1;
	pid_t pid = process_fork(&clone, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		fd_close(&archive_read_fd);
		fd_close(&error_read_fd);
		write_archive(write, arg, archive_write_fd, error_write_fd);
	}
	*out = (struct feed){ .read_fd = fd_take(&archive_read_fd),
			      .error_fd = fd_take(&error_read_fd),
			      .pidfd = clone.out_pidfd };
	return 0;
}

/* @return 0 if the writer reports nothing; -1 with its error */
static int read_writer_error(int error_fd, struct err *err)
{
	struct err theirs;
	AUTO(struct buf, buf_done) bytes = { 0 };
	if (fd_read_all(error_fd, sizeof(theirs), "the archive writer's error", &bytes, err) < 0)
		return -1;
	if (bytes.len != sizeof(theirs))
		return 0;
	memcpy(&theirs, bytes.data, sizeof(theirs));
	*err = theirs;
	return -1;
}

int feed_end(struct feed *feed, int result, struct err *err)
{
	struct process_exit exit;
	struct err writer_err = { 0 };
	fd_close(&feed->read_fd); /* a writer that is not listened to any more ends */
	/* EPIPE is the reader's failure, seen from the other end. */
	if (read_writer_error(feed->error_fd, &writer_err) < 0 && writer_err.errnum != EPIPE) {
		if (err != NULL)
			*err = writer_err;
		result = -1;
	}
	if (process_wait(feed->pidfd, &exit, result < 0 ? NULL : err) < 0)
		result = -1;
	fd_close(&feed->error_fd);
	fd_close(&feed->pidfd);
	return result;
}
