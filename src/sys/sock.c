/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sock.h"

#include "sys/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

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

int sock_send(int sock_fd, const void *data, size_t len, int fd, struct err *err)
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
	if (n < 0)
		return err_sys(err, "send a message");
	return 0;
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
