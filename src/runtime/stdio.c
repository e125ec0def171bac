/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/stdio.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <unistd.h>

/* A descriptor below 3 would be overwritten while the payload's are put in place. */
static int lift(int fd, struct err *err)
{
	if (fd >= 3)
		return fd;
	int lifted = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return lifted >= 0 ? lifted : err_sys(err, "duplicate a descriptor");
}

static int use_null(struct stdio *stdio, int i, struct err *err)
{
	int fd = open("/dev/null", (i == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open /dev/null");
	stdio->payload_fds[i] = lift(fd, err);
	stdio->is_owned[i] = true;
	return stdio->payload_fds[i] < 0 ? -1 : 0;
}

static int use_pipe(struct stdio *stdio, int i, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	stdio->payload_fds[i] = lift(ends[i == 0 ? 0 : 1], err);
	stdio->relay_fds[i] = lift(ends[i == 0 ? 1 : 0], err);
	stdio->is_owned[i] = true;
	return stdio->payload_fds[i] < 0 || stdio->relay_fds[i] < 0 ? -1 : 0;
}

static int prepare(struct stdio *stdio, int i, bool is_wanted, struct err *err)
{
	if (!is_wanted || fcntl(i, F_GETFD) < 0)
		return use_null(stdio, i, err);
	if (!stdio->is_direct && isatty(i))
		return use_pipe(stdio, i, err);
	stdio->payload_fds[i] = i;
	return 0;
}

int stdio_open(struct stdio *stdio, const struct stdio_options *options, struct err *err)
{
	*stdio = (struct stdio){
		.payload_fds = { -1, -1, -1 },
		.relay_fds = { -1, -1, -1 },
		.interactive = options->interactive,
		.tty = options->tty,
		.is_direct = options->is_direct,
	};
	if (options->tty)
		return 0;
	if (prepare(stdio, 0, options->interactive, err) < 0 ||
	    prepare(stdio, 1, options->attach_stdout, err) < 0 ||
	    prepare(stdio, 2, options->attach_stderr, err) < 0) {
		stdio_done(stdio);
		return -1;
	}
	return 0;
}

void stdio_close_payload(struct stdio *stdio)
{
	for (int i = 0; i < 3; i++)
		if (stdio->is_owned[i])
			fd_close(&stdio->payload_fds[i]);
}

void stdio_done(struct stdio *stdio)
{
	stdio_close_payload(stdio);
	for (int i = 0; i < 3; i++)
		fd_close(&stdio->relay_fds[i]);
}
