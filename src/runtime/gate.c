/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waiting side is a step of the boot (inner_await_start): it needs only read(2), write(2) and
 * close(2), which a filter that is loaded already must allow anyway. A start that is killed
 * half-way leaves a gate with a process behind it, or an open one: never one that is shut for good.
 */
#include "runtime/gate.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define START  "start"
#define RESULT "result"

static int make_fifo(int dir_fd, const char *name, struct err *err)
{
	if (mkfifoat(dir_fd, name, 0600) < 0)
		return err_sys(err, "make the FIFO %s", name);
	int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "open the FIFO %s", name);
}

int gate_make(int dir_fd, struct gate *out, struct err *err)
{
	AUTO_FD start_fd = make_fifo(dir_fd, START, err);
	if (start_fd < 0)
		return -1;
	int result_fd = make_fifo(dir_fd, RESULT, err);
	if (result_fd < 0)
		return -1;
	*out = (struct gate){ .start_fd = fd_take(&start_fd), .result_fd = result_fd };
	return 0;
}

void gate_close(struct gate *gate)
{
	fd_close(&gate->start_fd);
	fd_close(&gate->result_fd);
}

/* A FIFO that nobody reads cannot be opened for writing like this. */
static int open_start(int dir_fd)
{
	return openat(dir_fd, START, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

int gate_is_waiting(int dir_fd, struct err *err)
{
	AUTO_FD fd = open_start(dir_fd);
	if (fd >= 0)
		return 1;
	return errno == ENOENT || errno == ENXIO ? 0 : err_sys(err, "open the FIFO " START);
}

/* Until the other end is closed, or the process has ended and said all it had to say. */
static int read_result(int result_fd, int pidfd, struct buf *out, struct err *err)
{
	char text[ERR_TEXT_MAX];
	struct pollfd ready[] = {
		{ .fd = result_fd, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	for (;;) {
		if (poll(ready, ARRAY_LEN(ready), -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for the program");
		ssize_t n = read(result_fd, text, sizeof(text));
		if (n > 0 && out->len < ERR_TEXT_MAX)
			buf_add(out, text, (size_t)n);
		if (n == 0 || (n < 0 && ready[1].revents != 0))
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return err_sys(err, "read how the start went");
	}
}

int gate_release(int dir_fd, int pidfd, struct err *err)
{
	AUTO(struct buf, buf_done) said = { 0 };
	AUTO_FD result_fd = openat(dir_fd, RESULT, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FD start_fd = open_start(dir_fd);
	bool is_gone = errno == ENOENT || errno == ENXIO;
	if ((start_fd < 0 || result_fd < 0) && !is_gone)
		return err_sys(err, "open the FIFOs " START " and " RESULT);
	if (start_fd < 0 || result_fd < 0)
		return err_set(err, ERR_CONFLICT, "nobody waits for a start");
	if (write(start_fd, "", 1) != 1)
		return err_sys(err, "let the process go");
	fd_close(&start_fd);
	if (read_result(result_fd, pidfd, &said, err) < 0)
		return -1;
	unlinkat(dir_fd, START, 0);
	unlinkat(dir_fd, RESULT, 0);
	if (said.len > 0)
		return err_set(err, ERR_REMOTE, "%s", buf_str(&said));
	return 0;
}
