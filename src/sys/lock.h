/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Locks that die with their owner: flock(2) on files, released by the kernel on kill -9.
 * Fixed order: store < image < layer < container (id ascending). Nothing is held while waiting for
 * the network or for a child.
 */
#include "base/err.h"

#include <stdbool.h>

enum lock_mode { LOCK_SHARED, LOCK_EXCLUSIVE };

/**
 * Take the lock file `name` in `dir_fd` (made if missing), waiting at most `timeout_ms`.
 * A lock file that was removed while it was held or waited for is made anew.
 * @return owned fd whose close releases the lock; -1 with ERR_CONFLICT whose text names the
 *         holder (pid and command) when the time is over
 */
int lock_take(int dir_fd, const char *name, enum lock_mode mode, unsigned timeout_ms,
	      struct err *err);

/** @return 1 locked by us now (fd in *out_fd), 0 held by somebody else, -1 error */
int lock_try(int dir_fd, const char *name, enum lock_mode mode, int *out_fd, struct err *err);
