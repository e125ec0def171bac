/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relay that passes on by name what may come out of a container: no descriptors, and no numbers
 * of processes, which mean something else outside. Nothing here fails a container that runs: its
 * manager notices by itself that it has heard nothing.
 */
#include "runtime/bundle/notify.h"

#include "base/mem.h"
#include "base/warn.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY    "notify"
#define SOCKET       "notify.sock"
#define MESSAGE_MAX  4096
#define BARRIER_MS   30000 /* sd_notify_barrier's users, runc among them, wait as long */
#define BARRIER_WORD "BARRIER=1"

static const char *host_path(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	return path != NULL && path[0] != '\0' ? path : NULL;
}

bool notify_is_wanted(void)
{
	return host_path() != NULL;
}

char *notify_directory(const struct record *record, bool makes, struct err *err)
{
	if (makes && mkdirat(record->dir_fd, DIRECTORY, 0755) < 0 && errno != EEXIST) {
		err_sys(err, "make the directory " DIRECTORY);
		return NULL;
	}
	AUTO_FREE char *relative = mem_printf("%s/" DIRECTORY, fd_proc_path(record->dir_fd).text);
	char *path = realpath(relative, NULL);
	if (path == NULL)
		err_sys(err, "find the directory " DIRECTORY " of container %s", record->id);
	return path;
}

int notify_prepare(const struct record *record, struct spec *spec, struct err *err)
{
	AUTO_FREE char *source = notify_directory(record, true, err);
	if (source == NULL)
		return -1;
	spec_add_mount(spec, NOTIFY_INSIDE, "bind", source, "bind,nosuid,noexec,nodev,ro");
	strv_env_set(&spec->process.env, "NOTIFY_SOCKET=" NOTIFY_INSIDE "/" SOCKET);
	return 0;
}

static int listen_in(int dir_fd, struct err *err)
{
	/* Of a start that was killed. */
	unlinkat(dir_fd, SOCKET, 0);
	AUTO_FD fd = sock_bind_datagram(dir_fd, SOCKET, err);
	if (fd < 0)
		return -1;
	/* The payload may be anybody. */
	if (fchmodat(dir_fd, SOCKET, 0777, 0) < 0)
		return err_sys(err, "let everybody write to " SOCKET);
	return fd_take(&fd);
}

int notify_open(const struct record *record, struct notify *out, struct err *err)
{
	struct err why = { 0 };
	const char *path = host_path();
	if (path == NULL)
		return 0;
	AUTO_FD dir_fd = openat(record->dir_fd, DIRECTORY,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open the directory " DIRECTORY);
	AUTO_FD host_fd = sock_connect_datagram(path, &why);
	if (host_fd < 0) {
		warn_say("NOTIFY_SOCKET: %s", why.text);
		return 0;
	}
	int socket_fd = listen_in(dir_fd, err);
	if (socket_fd < 0)
		return -1;
	*out = (struct notify){ .host_fd = fd_take(&host_fd), .socket_fd = socket_fd };
	return 0;
}

void notify_close(struct notify *notify)
{
	fd_close(&notify->host_fd);
	fd_close(&notify->socket_fd);
}

/* The words of sd_notify(3) that mean outside what they mean inside. */
static bool is_passed(const char *line)
{
	static const char *const words[] = {
		"READY=",       "RELOADING=", "STOPPING=", "MONOTONIC_USEC=",
		"STATUS=",      "WATCHDOG=",  "ERRNO=",    "EXTEND_TIMEOUT_USEC=",
		"EXIT_STATUS=", NULL,
	};
	for (size_t i = 0; words[i] != NULL; i++)
		if (strncmp(line, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

int notify_pass(struct notify *notify, pid_t main_pid)
{
	char text[MESSAGE_MAX + 1];
	AUTO(struct buf, buf_done) out = { 0 };
	bool is_ready = false;
	/* Descriptors are refused, and closed: also those of a barrier, which is what it waits
	 * for. */
	ssize_t n = recv(notify->socket_fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (n < 0)
		return -1;
	text[n] = '\0';
	char *rest = text;
	for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
		is_ready = is_ready || strcmp(line, "READY=1") == 0;
		if (is_passed(line))
			buf_addf(&out, "%s\n", line);
	}
	if (is_ready)
		buf_addf(&out, "MAINPID=%d\n", (int)main_pid);
	if (out.len > 0 && sock_send(notify->host_fd, buf_str(&out), out.len, -1, NULL) < 0)
		return -1;
	return is_ready ? 1 : 0;
}

/* Until the manager has read all: it looks up who has sent it, and we are about to leave. */
static void await_reading(const struct notify *notify)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	AUTO_FD read_fd = ends[0];
	AUTO_FD write_fd = ends[1];
	if (sock_send(notify->host_fd, BARRIER_WORD, strlen(BARRIER_WORD), write_fd, NULL) < 0)
		return;
	fd_close(&write_fd);
	interrupt_wait(read_fd, BARRIER_MS, NULL);
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static bool has_ended(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	return poll(&ended, 1, 0) != 0;
}

void notify_await_ready(struct notify *notify, pid_t pid, int pidfd)
{
	if (notify->socket_fd < 0)
		return;
	AUTO_FD both_fd = epoll_create1(EPOLL_CLOEXEC);
	if (both_fd < 0 || watch(both_fd, notify->socket_fd) < 0 || watch(both_fd, pidfd) < 0)
		return;
	for (;;) {
		struct err why = { 0 };
		if (interrupt_wait(both_fd, -1, &why) < 0) {
			warn_say("NOTIFY_SOCKET: the container was not ready yet: %s", why.text);
			return;
		}
		/* Asked first: what it said before its end is read all the same. */
		bool is_last = has_ended(pidfd);
		int said = notify_pass(notify, pid);
		if (said > 0)
			await_reading(notify);
		if (said > 0 || (said < 0 && is_last))
			return;
	}
}
