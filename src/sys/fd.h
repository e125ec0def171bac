/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* File descriptors: owned, close-on-exec from birth, never leaked. */
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Close *fd unless it is -1, and make it -1. Keeps errno. */
void fd_close(int *fd);

#define AUTO_FD AUTO(int, fd_close)

/** Hand over an owned fd: returns it and leaves -1 behind. */
static inline int fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/** Open /dev/null as whichever of 0, 1 and 2 is closed: the next file opened would take its place,
 *  and messages would be written into it. First of all in main. @return 0, or -1 with errno */
int fd_open_standard(void);

/** Write everything, through short writes and EINTR. @return 0, or -1 with errno */
int fd_write_all(int fd, const void *data, size_t len);

/**
 * Read to the end of the file into `out`, at most `max_bytes`.
 * @return 0; or -1 with ERR_SYSTEM, or ERR_INVALID when there is more than `max_bytes`.
 *         `what` names the object in the message
 */
int fd_read_all(int fd, size_t max_bytes, const char *what, struct buf *out, struct err *err);

/** Close every fd from `first` up, by close_range(2) with a fallback below Linux 5.9. */
void fd_close_from(int first);

/** Make every fd from `first` up close-on-exec (close_range(2) with CLOSE_RANGE_CLOEXEC, Linux >=
 *  5.11, else one by one): what a caller leaked to us ends at the next exec. */
void fd_cloexec_from(int first);

/** Open what `fd` is open on once more, with other flags, by its link in `own_fds_fd`: our own
 *  /proc/self/fd, opened where it was still to be trusted; -1: it still is. @return owned fd, or -1
 *  with errno */
int fd_reopen(int own_fds_fd, int fd, int flags);

/** Path of an fd below /proc, for the calls that only take paths. */
struct fd_path {
	char text[32];
};
struct fd_path fd_proc_path(int fd);
