/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/hand_over.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_MAX 1024

int hand_over_pid(const char *path, pid_t pid, struct err *err)
{
	AUTO_FREE char *for_dir = mem_strdup(path);
	AUTO_FREE char *for_name = mem_strdup(path);
	const char *dir = dirname(for_dir);
	AUTO_FREE char *text = mem_printf("%d", (int)pid);
	AUTO_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "pid file: open directory %s", dir);
	if (file_replace(dir_fd, basename(for_name), text, strlen(text), 0644, FILE_VOLATILE, err) <
	    0)
		return err_context(err, "pid file");
	return 0;
}

/* The path may be longer than an address can be: then by way of its directory. */
static int connect_to(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FREE char *for_dir = mem_strdup(path);
	AUTO_FREE char *for_name = mem_strdup(path);
	AUTO_FD dir_fd = -1;
	AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_FREE char *short_path = mem_strdup(path);
	if (fd < 0)
		return err_sys(err, "make a socket");
	if (strlen(path) >= sizeof(address.sun_path)) {
		dir_fd = open(dirname(for_dir), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0)
			return err_sys(err, "open the directory of %s", path);
		free(short_path);
		short_path = mem_printf("%s/%s", fd_proc_path(dir_fd).text, basename(for_name));
	}
	if (strlen(short_path) >= sizeof(address.sun_path))
		return err_num(err, ENAMETOOLONG, "connect to %s", path);
	memcpy(address.sun_path, short_path, strlen(short_path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, "connect to %s", path);
	return fd_take(&fd);
}

int hand_over_fd(const char *socket_path, const char *what, int fd, struct err *err)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	AUTO_FREE char *text = mem_strdup(what);
	struct iovec data = { .iov_base = text, .iov_len = strlen(text) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	AUTO_FD socket_fd = connect_to(socket_path, err);
	if (socket_fd < 0)
		return -1;
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0)
		return err_sys(err, "send a descriptor to %s", socket_path);
	return 0;
}

int hand_over_check_console(bool terminal, bool detach, const char *socket_path, struct err *err)
{
	bool has_socket = socket_path != NULL && socket_path[0] != '\0';
	if (detach && terminal && !has_socket)
		return err_set(err, ERR_INVALID,
			       "cannot allocate tty if runc will detach without setting console "
			       "socket");
	if ((!detach || !terminal) && has_socket)
		return err_set(err, ERR_INVALID,
			       "cannot use console socket if runc will not detach or allocate tty");
	return 0;
}

int hand_over_check_fds(unsigned count, struct err *err)
{
	for (unsigned i = 0; i < count; i++) {
		/* What is close-on-exec was opened by us. */
		int flags = fcntl(STDERR_FILENO + 1 + (int)i, F_GETFD);
		if (flags < 0 || (flags & FD_CLOEXEC) != 0)
			return err_set(err, ERR_INVALID,
				       "unable to preserve descriptor %u (of %u): it is not open",
				       STDERR_FILENO + 1 + i, count);
	}
	return 0;
}

unsigned hand_over_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	unsigned long n = strtoul(count, NULL, 10);
	return n <= LISTEN_FDS_MAX ? (unsigned)n : 0;
}
