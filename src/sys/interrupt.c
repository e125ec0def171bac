/* SPDX-License-Identifier: Apache-2.0 */
/* Blocked signals are seen through a descriptor of their own. Source: signalfd(2) */
#include "sys/interrupt.h"

#include "sys/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* @return whether there is one */
static bool blocked_ends(sigset_t *out)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t blocked;
	bool has_one = false;
	sigemptyset(out);
	if (sigprocmask(SIG_SETMASK, NULL, &blocked) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (sigismember(&blocked, ends[i]) != 1)
			continue;
		sigaddset(out, ends[i]);
		has_one = true;
	}
	return has_one;
}

int interrupt_wait(int fd, int timeout_ms, struct err *err)
{
	sigset_t ends;
	AUTO_FD signal_fd = -1;
	if (blocked_ends(&ends)) {
		signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
		if (signal_fd < 0)
			return err_sys(err, "make a descriptor for signals");
	}
	/* poll(2) passes over a descriptor of -1. */
	struct pollfd ready[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN },
	};
	int n = poll(ready, ARRAY_LEN(ready), timeout_ms);
	if (n <= 0)
		return n == 0 ? 0 : err_sys(err, "wait");
	struct signalfd_siginfo info;
	if (ready[0].revents == 0 && read(signal_fd, &info, sizeof(info)) == sizeof(info))
		return err_num(err, EINTR, "ended by signal %u", info.ssi_signo);
	return 1;
}
