/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets, both directions. The receiver makes every text end before it is looked at.
 */
#include "unpack/protocol.h"

#include "sys/fd.h"
#include "sys/sock.h"

#include <string.h>

int packet_send(int sock_fd, struct unpack_packet *packet, int fd, struct err *err)
{
	size_t len = offsetof(struct unpack_packet, data) + packet->len;
	return sock_send(sock_fd, packet, len, fd, err);
}

static void end_texts(struct unpack_packet *packet)
{
	packet->data[packet->len] = '\0';
	switch (packet->type) {
	case UNPACK_LAYER:
		packet->layer.diff_id[DIGEST_HEX_LEN] = '\0';
		packet->layer.digest[DIGEST_HEX_LEN] = '\0';
		break;
	case UNPACK_END:
		packet->totals.diff_id[DIGEST_HEX_LEN] = '\0';
		break;
	case UNPACK_ERROR:
	case UNPACK_REPLY:
		packet->error.text[ERR_TEXT_MAX - 1] = '\0';
		packet->error.hint[ERR_HINT_MAX - 1] = '\0';
		break;
	}
}

int packet_recv(int sock_fd, struct unpack_packet *out, int *out_fd, struct err *err)
{
	AUTO_FD fd = -1;
	ssize_t n = sock_recv(sock_fd, out, sizeof(*out), out_fd != NULL ? &fd : NULL, err);
	if (n <= 0)
		return (int)n;
	size_t head = offsetof(struct unpack_packet, data);
	if ((size_t)n < head || (size_t)n - head != out->len || out->len >= sizeof(out->data))
		return err_set(err, ERR_REMOTE, "a malformed packet of %zd bytes", n);
	end_texts(out);
	if (out_fd != NULL)
		*out_fd = fd_take(&fd);
	return 1;
}
