/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Asking a person at the terminal. */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

#define PROMPT_LINE_MAX 4096

/**
 * Print `question` and read one line from the standard input, which is a terminal. What is secret
 * is not shown while it is typed; the terminal is as before afterwards, also when a signal ends it.
 * @out  gets the line, without its end; its room is reserved at once, so that there is one copy
 * @return 0, or -1: ERR_SYSTEM (EINTR: interrupted), ERR_INVALID (the end of the input, too long)
 * Source: termios(3)
 */
int prompt_line(const char *question, bool is_secret, struct buf *out, struct err *err);
