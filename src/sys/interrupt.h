/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Waiting for something that may take for ever, by somebody who holds signals back. */
#include "base/err.h"

/**
 * Wait until `fd` is readable, or has an end. If the caller has blocked SIGTERM, SIGINT, SIGHUP or
 * SIGQUIT and one of them comes (or is pending), the wait is over: it is taken, and an error. Those
 * that are not blocked do what they always do.
 *
 * @timeout_ms  negative: none
 * @return 1 readable, 0 the time is over, -1 ERR_SYSTEM (EINTR: such a signal)
 */
int interrupt_wait(int fd, int timeout_ms, struct err *err);
