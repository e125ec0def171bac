/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/hand_over.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/sock.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
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

int hand_over_fd(const char *socket_path, const char *what, int fd, struct err *err)
{
	AUTO_FD socket_fd = sock_connect(socket_path, err);
	if (socket_fd < 0)
		return -1;
	if (sock_send_stream(socket_fd, what, strlen(what), fd, err) < 0)
		return err_context(err, "%s", socket_path);
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
