/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An archive that is made while it is read: a child process writes it into a pipe whose other end
 * the unpack worker reads. Neither side ever holds it whole.
 */
#include "base/err.h"

#include <sys/types.h>

/** Write the archive; runs in the child. @return 0 or -1 with err */
typedef int feed_write(void *arg, int fd, struct err *err);

struct feed {
	int read_fd; /* the archive */
	int error_fd, pidfd;
};

/** Start the child. Only for single-threaded processes. */
int feed_start(struct feed *out, feed_write *write, void *arg, struct err *err);

/**
 * Wait for it, and close. What the writer says went wrong counts more than what the reader made of
 * it.
 * @result  the reader's, with its err set if -1
 * @return the result of both
 */
int feed_end(struct feed *feed, int result, struct err *err);
