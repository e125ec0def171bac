/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a created container waits for its start: two FIFOs in its directory. The first process
 * reads one byte from `start`; if its exec fails it writes why to `result`, and the exec itself
 * closes that. It holds both open for reading and writing, so that nobody else has to be there.
 * Source: fifo(7)
 */
#include "base/err.h"

#include <stdbool.h>

struct gate {
	int start_fd, result_fd; /* owned */
};

/** Make it in a container's directory, for the process that will wait. @return 0 or -1 */
int gate_make(int dir_fd, struct gate *out, struct err *err);
void gate_close(struct gate *gate);

/** Does somebody wait? @return 1, 0; -1 when that cannot be told */
int gate_is_waiting(int dir_fd, struct err *err);

/**
 * Let the process go, and wait until its program has begun.
 * @pidfd  of the process
 * @return 0; -1 ERR_CONFLICT if nobody waits, ERR_REMOTE with what the process said
 */
int gate_release(int dir_fd, int pidfd, struct err *err);
