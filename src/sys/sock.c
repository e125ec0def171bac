/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sock.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int sock_pair(int out_fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out_fds) < 0)
		return err_sys(err, "make a socket pair");
	return 0;
}

union fd_control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* One sendmsg(2). @return what it returns */
static ssize_t send_once(int sock_fd, const void *data, size_t len, int fd)
{
	union fd_control control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(int));
	}
	ssize_t n;
	do {
		n = sendmsg(sock_fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n;
}

int sock_send(int sock_fd, const void *data, size_t len, int fd, struct err *err)
{
	return send_once(sock_fd, data, len, fd) < 0 ? err_sys(err, "send a message") : 0;
}

int sock_send_stream(int sock_fd, const void *data, size_t len, int fd, struct err *err)
{
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send_once(sock_fd, (const char *)data + sent, len - sent,
				      sent == 0 ? fd : -1);
		if (n < 0)
			return err_sys(err, "send to a socket");
		sent += (size_t)n;
	}
	return 0;
}

/* A path longer than an address can be is shortened by way of its directory. */
static int open_parent(const char *path, const char **out_name, struct err *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *dir = slash != NULL ? mem_strndup(path, (size_t)(slash - path) + 1)
					    : mem_strdup(".");
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the directory of %s", path);
	*out_name = slash != NULL ? slash + 1 : path;
	return fd;
}

static int connect_to(const struct sockaddr_un *address, size_t path_len, int type,
		      const char *what, struct err *err)
{
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len);
	AUTO_FD fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, len) < 0)
		return err_sys(err, "connect to %s", what);
	return fd_take(&fd);
}

static int connect_path(const char *path, int type, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD dir_fd = -1;
	AUTO_FREE char *by_dir = NULL;
	const char *name = path;
	if (strlen(path) >= sizeof(address.sun_path)) {
		dir_fd = open_parent(path, &name, err);
		if (dir_fd < 0)
			return -1;
		by_dir = mem_printf("%s/%s", fd_proc_path(dir_fd).text, name);
		name = by_dir;
	}
	if (strlen(name) >= sizeof(address.sun_path))
		return err_num(err, ENAMETOOLONG, "connect to %s", path);
	memcpy(address.sun_path, name, strlen(name) + 1);
	return connect_to(&address, sizeof(address.sun_path), type, path, err);
}

int sock_connect(const char *path, struct err *err)
{
	return connect_path(path, SOCK_STREAM, err);
}

int sock_connect_datagram(const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (path[0] != '@')
		return connect_path(path, SOCK_DGRAM, err);
	if (len > sizeof(address.sun_path))
		return err_num(err, ENAMETOOLONG, "connect to %s", path);
	/* The name is all of the address, without a final zero; it begins with one. */
	memcpy(address.sun_path + 1, path + 1, len - 1);
	return connect_to(&address, len, SOCK_DGRAM, path, err);
}

int sock_bind_datagram(int dir_fd, const char *name, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FREE char *path = mem_printf("%s/%s", fd_proc_path(dir_fd).text, name);
	if (strlen(path) >= sizeof(address.sun_path))
		return err_num(err, ENAMETOOLONG, "make the socket %s", name);
	memcpy(address.sun_path, path, strlen(path) + 1);
	AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_sys(err, "make the socket %s", name);
	return fd_take(&fd);
}

ssize_t sock_recv(int sock_fd, void *data, size_t size, int *out_fd, struct err *err)
{
	union fd_control control = { 0 };
	struct iovec part = { .iov_base = data, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = out_fd != NULL ? sizeof(control.bytes) : 0,
	};
	ssize_t n;
	do {
		n = recvmsg(sock_fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "receive a message");
	AUTO_FD fd = -1;
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	if (head != NULL && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(head), sizeof(int));
	if ((msg.msg_flags & MSG_TRUNC) != 0)
		return err_set(err, ERR_REMOTE, "a message is larger than %zu bytes", size);
	if (out_fd != NULL)
		*out_fd = fd_take(&fd);
	return n;
}
