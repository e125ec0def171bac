/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One poll(2) loop. poll and not epoll: standard input may be a regular file, which epoll refuses,
 * and there are never more than a handful of descriptors. A relay reads only when its last bytes
 * are written, so memory is fixed and a slow reader slows the container down, as a pipe would.
 */
#include "runtime/attend.h"

#include "kernel/proc/tty.h"
#include "sys/fd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define RELAY_BUFFER    16384
#define WATCH_DRAIN_MAX 1024

struct relay {
	int from_fd, to_fd; /* -1: done */
	bool closes_to;     /* pass the end of input on by closing (a pipe to the payload) */
	size_t len, offset;
	char *data; /* RELAY_BUFFER bytes, borrowed */
};

enum { RELAY_IN, RELAY_OUT, RELAY_ERR, RELAY_COUNT };

struct attendance {
	struct boot *boot;
	struct stdio *stdio;
	struct attend_watch *watch; /* NULL: nothing */
	bool sig_proxy;
	int signal_fd;
	bool has_raw_tty;
	struct termios saved_tty;
	struct relay relays[RELAY_COUNT];
};

static void attended_signals(sigset_t *set)
{
	sigfillset(set);
	/* Faults must kill us; SIGPIPE is about our own writes. */
	static const int not_ours[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
	for (size_t i = 0; i < ARRAY_LEN(not_ours); i++)
		sigdelset(set, not_ours[i]);
}

void attend_block_signals(sigset_t *saved)
{
	sigset_t set;
	attended_signals(&set);
	sigprocmask(SIG_BLOCK, &set, saved);
}

void attend_restore_signals(const sigset_t *saved)
{
	sigprocmask(SIG_SETMASK, saved, NULL);
}

static void follow_window_size(struct attendance *self)
{
	uint16_t rows, columns;
	if (self->boot->console_fd >= 0 && tty_get_size(STDOUT_FILENO, &rows, &columns, NULL) == 0)
		tty_set_size(self->boot->console_fd, rows, columns, NULL);
}

static bool ends_us(int number)
{
	return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
}

static void pass_signal(struct attendance *self, int number)
{
	if (number == SIGCHLD || number == SIGPIPE || number == SIGURG)
		return;
	if (number == SIGWINCH && self->boot->console_fd >= 0)
		follow_window_size(self);
	else if (self->sig_proxy)
		process_signal(self->boot->pidfd, number, NULL);
	else if (ends_us(number))
		process_signal(self->boot->pidfd, SIGKILL, NULL);
}

static void read_signals(struct attendance *self)
{
	struct signalfd_siginfo info;
	while (read(self->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		pass_signal(self, (int)info.ssi_signo);
}

static void relay_end(struct relay *relay)
{
	if (relay->closes_to)
		fd_close(&relay->to_fd);
	relay->from_fd = -1;
}

static void relay_read(struct relay *relay)
{
	ssize_t n = read(relay->from_fd, relay->data, RELAY_BUFFER);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) { /* a console whose last user is gone says EIO */
		relay_end(relay);
		return;
	}
	relay->len = (size_t)n;
	relay->offset = 0;
}

static void relay_write(struct relay *relay)
{
	ssize_t n = write(relay->to_fd, relay->data + relay->offset, relay->len - relay->offset);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) { /* nobody listens: go on reading, so that the payload does not stall */
		relay->len = relay->offset = 0;
		if (relay->closes_to)
			relay_end(relay);
		return;
	}
	relay->offset += (size_t)n;
	if (relay->offset == relay->len)
		relay->len = relay->offset = 0;
}

static struct pollfd relay_poll(const struct relay *relay)
{
	if (relay->from_fd < 0 && relay->len == 0)
		return (struct pollfd){ .fd = -1 };
	if (relay->len > 0)
		return (struct pollfd){ .fd = relay->to_fd, .events = POLLOUT };
	return (struct pollfd){ .fd = relay->from_fd, .events = POLLIN };
}

static void relay_step(struct relay *relay, const struct pollfd *ready)
{
	if (ready->fd < 0 || ready->revents == 0)
		return;
	if (relay->len > 0)
		relay_write(relay);
	else
		relay_read(relay);
}

/* One round. @return 1 the payload has ended, 0 go on, -1 error */
static int poll_once(struct attendance *self, int timeout_ms, struct err *err)
{
	struct attend_watch *watch = self->watch;
	struct pollfd ready[RELAY_COUNT + 3];
	for (int i = 0; i < RELAY_COUNT; i++)
		ready[i] = relay_poll(&self->relays[i]);
	ready[RELAY_COUNT] = (struct pollfd){ .fd = self->signal_fd, .events = POLLIN };
	ready[RELAY_COUNT + 1] = (struct pollfd){ .fd = self->boot->pidfd, .events = POLLIN };
	ready[RELAY_COUNT + 2] = (struct pollfd){ .fd = watch != NULL ? watch->fd : -1,
						  .events = POLLIN };
	int n = poll(ready, ARRAY_LEN(ready), timeout_ms);
	if (n < 0 && errno != EINTR)
		return err_sys(err, "wait for the container");
	if (n <= 0)
		return 0;
	for (int i = 0; i < RELAY_COUNT; i++)
		relay_step(&self->relays[i], &ready[i]);
	if (ready[RELAY_COUNT].revents != 0)
		read_signals(self);
	if (watch != NULL && ready[RELAY_COUNT + 2].revents != 0)
		watch->ready(watch, watch->context);
	return ready[RELAY_COUNT + 1].revents != 0 ? 1 : 0;
}

/* What the payload wrote before it ended and nobody has read yet. */
static void drain(struct attendance *self)
{
	for (int i = RELAY_OUT; i < RELAY_COUNT; i++) {
		struct relay *relay = &self->relays[i];
		for (;;) {
			struct pollfd wanted = relay_poll(relay);
			int timeout_ms = relay->len > 0 ? -1 : 0;
			if (wanted.fd < 0 || poll(&wanted, 1, timeout_ms) <= 0)
				break;
			relay_step(relay, &wanted);
		}
	}
}

/* What was said before the end; others than the payload may go on talking. */
static void drain_watch(struct attend_watch *watch)
{
	for (int i = 0; watch != NULL && watch->fd >= 0 && i < WATCH_DRAIN_MAX; i++) {
		struct pollfd wanted = { .fd = watch->fd, .events = POLLIN };
		if (poll(&wanted, 1, 0) <= 0)
			return;
		watch->ready(watch, watch->context);
	}
}

static void set_up_relays(struct attendance *self)
{
	const struct stdio *stdio = self->stdio;
	int console_fd = self->boot->console_fd;
	struct relay *in = &self->relays[RELAY_IN], *out = &self->relays[RELAY_OUT];
	for (int i = 0; i < RELAY_COUNT; i++)
		self->relays[i].from_fd = self->relays[i].to_fd = -1;
	if (console_fd >= 0) {
		out->from_fd = console_fd;
		out->to_fd = STDOUT_FILENO;
		in->from_fd = stdio->interactive ? STDIN_FILENO : -1;
		in->to_fd = console_fd;
		return;
	}
	if (stdio->relay_fds[0] >= 0) {
		in->from_fd = STDIN_FILENO;
		in->to_fd = stdio->relay_fds[0];
		in->closes_to = true;
	}
	for (int i = 1; i < 3; i++) {
		if (stdio->relay_fds[i] < 0)
			continue;
		self->relays[i].from_fd = stdio->relay_fds[i];
		self->relays[i].to_fd = i;
	}
}

static int set_up(struct attendance *self, struct err *err)
{
	sigset_t set;
	attended_signals(&set);
	self->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (self->signal_fd < 0)
		return err_sys(err, "listen for signals");
	set_up_relays(self);
	if (self->boot->console_fd < 0)
		return 0;
	follow_window_size(self);
	if (self->stdio->interactive && isatty(STDIN_FILENO)) {
		if (tty_make_raw(STDIN_FILENO, &self->saved_tty, err) < 0)
			return -1;
		self->has_raw_tty = true;
	}
	return 0;
}

static int attend_until_end(struct attendance *self, struct process_exit *out, struct err *err)
{
	/* Not zeroed, as a part of the struct would be: nine pages that few containers ever need.
	 */
	char data[RELAY_COUNT][RELAY_BUFFER];
	struct boot *boot = self->boot;
	for (int i = 0; i < RELAY_COUNT; i++)
		self->relays[i].data = data[i];
	stdio_close_payload(self->stdio);
	int result = set_up(self, err);
	while (result == 0)
		result = poll_once(self, -1, err);
	if (result > 0) {
		result = process_wait(boot->pidfd, out, err);
		fd_close(&boot->pidfd);
		boot->pid = 0;
		drain(self);
		drain_watch(self->watch);
	}
	if (self->has_raw_tty)
		tty_restore(STDIN_FILENO, &self->saved_tty);
	/* The relay closed its end where input had ended; the caller must not close it again. */
	if (self->relays[RELAY_IN].closes_to)
		self->stdio->relay_fds[0] = self->relays[RELAY_IN].to_fd;
	fd_close(&self->signal_fd);
	return result;
}

int attend(struct boot *boot, struct stdio *stdio, bool sig_proxy, struct process_exit *out,
	   struct err *err)
{
	struct attendance self = {
		.boot = boot, .stdio = stdio, .sig_proxy = sig_proxy, .signal_fd = -1
	};
	return attend_until_end(&self, out, err);
}

int attend_watching(struct boot *boot, struct stdio *stdio, struct attend_watch *watch,
		    struct process_exit *out, struct err *err)
{
	struct attendance self = {
		.boot = boot, .stdio = stdio, .watch = watch, .sig_proxy = true, .signal_fd = -1
	};
	return attend_until_end(&self, out, err);
}

int attend_start(struct boot *boot, struct stdio *stdio, const struct stdio_options *wanted,
		 struct err *err)
{
	if (stdio_open(stdio, wanted, err) < 0)
		return -1;
	memcpy(boot->stdio_fds, stdio->payload_fds, sizeof(boot->stdio_fds));
	return boot_start(boot, err);
}
