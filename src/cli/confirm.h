/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Asking before something is gone. */
#include "base/err.h"

/**
 * Print "WARNING! <warning>" and the question, and read a line from stdin.
 * @command  "image prune", for the message of a "no"
 * @return 0 for "y"; -1 ERR_CONFLICT "... has been cancelled" for all else and at the end of input
 */
int confirm(const char *warning, const char *command, struct err *err);
