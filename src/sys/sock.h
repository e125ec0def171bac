/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Unix sockets: packets between our own processes, and streams to others; both carry descriptors.
 */
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/** A connected SOCK_SEQPACKET pair, close-on-exec. @return 0 or -1 */
int sock_pair(int out_fds[2], struct err *err);

/** Send one packet, with one descriptor when fd >= 0 (borrowed). @return 0 or -1 */
int sock_send(int sock_fd, const void *data, size_t len, int fd, struct err *err);

/**
 * Receive one packet of at most `size` bytes. A descriptor that came along is stored in *out_fd
 * (owned, close-on-exec; -1 if none); pass NULL to refuse descriptors.
 * @return bytes received; 0 at the end of the stream (the peer is gone); -1 on error
 */
ssize_t sock_recv(int sock_fd, void *data, size_t size, int *out_fd, struct err *err);

/** Connect to a stream socket, at a path of any length. @return owned fd, or -1 ERR_SYSTEM
 *  Source: unix(7) */
int sock_connect(const char *path, struct err *err);

/** Connect to a datagram socket, at a path of any length or, as "@name", without one.
 *  @return owned fd, or -1 ERR_SYSTEM. Source: unix(7), sd_notify(3) */
int sock_connect_datagram(const char *path, struct err *err);

/** Make a datagram socket named `name` in a directory. @return owned fd, or -1 ERR_SYSTEM */
int sock_bind_datagram(int dir_fd, const char *name, struct err *err);

/** Send all of `data` over a stream; a descriptor (>= 0) goes with its first byte. @return 0 or -1
 */
int sock_send_stream(int sock_fd, const void *data, size_t len, int fd, struct err *err);
