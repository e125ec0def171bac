/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Questions and orders to the kernel's network configuration. Source: netlink(7), rtnetlink(7) */
#include "base/err.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

#define NETLINK_BODY_MAX 512

struct netlink_request {
	struct nlmsghdr header;
	char body[NETLINK_BODY_MAX];
};

/** A request of `type` that begins with the family's own header. */
void netlink_begin(struct netlink_request *request, unsigned type, unsigned flags,
		   const void *family_header, size_t len);

/** Append an attribute. What does not fit ends the process: the callers know their sizes. */
void netlink_add(struct netlink_request *request, unsigned type, const void *data, size_t len);

/** A socket that speaks for the caller's network namespace as it is now, also after the caller has
 *  left it. @return owned fd */
int netlink_open(struct err *err);

/** Called for each message of an answer. */
typedef void netlink_each(struct nlmsghdr *message, void *context);

/**
 * Send the request and read the answer to its end.
 * @each  NULL: only the acknowledgement matters
 * @return 0, or -1 ERR_SYSTEM with errnum as the kernel says
 */
int netlink_ask(int sock_fd, struct netlink_request *request, netlink_each *each, void *context,
		struct err *err);
