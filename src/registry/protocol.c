/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets, both directions. The receiver makes every text end before it is looked at.
 */
#include "registry/protocol.h"

#include "sys/sock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD_SIZE offsetof(struct fetch_packet, data)

int fetch_packet_send(int sock_fd, struct fetch_packet *packet, int fd, struct err *err)
{
	return sock_send(sock_fd, packet, HEAD_SIZE + packet->len, fd, err);
}

int fetch_packet_try(int sock_fd, const struct fetch_packet *packet, struct err *err)
{
	ssize_t n;
	do {
		n = send(sock_fd, packet, HEAD_SIZE + packet->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 1;
	return errno == EAGAIN ? 0 : err_sys(err, "send a message");
}

static void end_texts(struct fetch_packet *packet)
{
	packet->data[packet->len] = '\0';
	switch (packet->type) {
	case FETCH_DOCUMENT:
	case FETCH_LAYER:
	case FETCH_BLOB:
		packet->descriptor.media_type[sizeof(packet->descriptor.media_type) - 1] = '\0';
		packet->descriptor.digest[DIGEST_HEX_LEN] = '\0';
		break;
	case FETCH_ERROR:
	case FETCH_BLOB_ERROR:
		packet->error.text[ERR_TEXT_MAX - 1] = '\0';
		packet->error.hint[ERR_HINT_MAX - 1] = '\0';
		break;
	}
}

int fetch_packet_recv(int sock_fd, struct fetch_packet *out, int *out_fd, struct err *err)
{
	ssize_t n = sock_recv(sock_fd, out, sizeof(*out), out_fd, err);
	if (n <= 0)
		return (int)n;
	if ((size_t)n < HEAD_SIZE || (size_t)n - HEAD_SIZE != out->len ||
	    out->len >= sizeof(out->data))
		return err_set(err, ERR_REMOTE, "a malformed packet of %zd bytes", n);
	end_texts(out);
	return 1;
}
