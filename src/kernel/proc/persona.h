/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct persona {
	bool is_set;
	unsigned long domain; /* PER_LINUX or PER_LINUX32 */
};

/** Set the execution domain of the caller; execve(2) of a native program keeps it, and with it what
 *  uname(2) calls the machine. Nothing to do when not set. Source: personality(2) */
int persona_apply(const struct persona *persona, struct err *err);
