/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends each argument as a message to $NOTIFY_SOCKET, as a payload does that uses sd_notify(3).
 * "+ms" waits. A message "BARRIER=1" has a pipe with it, and ends when that is closed.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int send_with(int sock, const char *text, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (void *)text, strlen(text) };
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
	return sendmsg(sock, &msg, 0) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (path == NULL)
		return 2;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return perror("connect"), 1;
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '+') {
			poll(NULL, 0, (int)strtol(argv[i] + 1, NULL, 10));
			continue;
		}
		int ends[2], is_barrier = strcmp(argv[i], "BARRIER=1") == 0;
		if (is_barrier && pipe(ends) < 0)
			return perror("pipe"), 1;
		if (send_with(sock, argv[i], is_barrier ? ends[1] : -1) < 0)
			return perror("send"), 1;
		char c;
		if (is_barrier && (close(ends[1]) < 0 || read(ends[0], &c, 1) != 0))
			return perror("barrier"), 1;
	}
	return 0;
}
