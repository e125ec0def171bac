/* SPDX-License-Identifier: Apache-2.0 */
/* Netlink's framing: messages of attributes, acknowledged, or answered in several parts. */
#include "kernel/net/netlink.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_SIZE 32768 /* what the kernel fills a part of a dump up to */

void netlink_begin(struct netlink_request *request, unsigned type, unsigned flags,
		   const void *family_header, size_t len)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	request->header.nlmsg_type = (uint16_t)type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(request->body, family_header, len);
}

void netlink_add(struct netlink_request *request, unsigned type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len) - NLMSG_HDRLEN;
	struct rtattr attr = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = (uint16_t)type };
	if (at + RTA_SPACE(len) > sizeof(request->body))
		mem_die("a netlink request is too long");
	memcpy(request->body + at, &attr, sizeof(attr));
	memcpy(request->body + at + RTA_LENGTH(0), data, len);
	request->header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + at + RTA_SPACE(len));
}

int netlink_open(struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return fd < 0 ? err_sys(err, "open a netlink socket") : fd;
}

/* @return 1 the answer has ended, 0 there is more, -1 */
static int read_messages(char *data, size_t len, netlink_each *each, void *context, struct err *err)
{
	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *message = (void *)data;
		size_t size = NLMSG_ALIGN(message->nlmsg_len);
		if (message->nlmsg_len < sizeof(*message) || size > len)
			break;
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *result = (const void *)(data + NLMSG_HDRLEN);
			return result->error == 0 ? 1 : err_num(err, -result->error, "netlink");
		}
		if (each != NULL)
			each(message, context);
		data += size;
		len -= size;
	}
	return 0;
}

int netlink_ask(int sock_fd, struct netlink_request *request, netlink_each *each, void *context,
		struct err *err)
{
	_Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	if ((request->header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->header.nlmsg_flags |= NLM_F_ACK;
	if (send(sock_fd, request, request->header.nlmsg_len, 0) < 0)
		return err_sys(err, "netlink: send");
	for (;;) {
		ssize_t n = recv(sock_fd, answer, sizeof(answer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, "netlink: receive");
		int state = read_messages(answer, (size_t)n, each, context, err);
		if (state != 0)
			return state < 0 ? -1 : 0;
	}
}
