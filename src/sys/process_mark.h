/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Processes remembered on disk: a number alone may be somebody else's by the time it is read. */
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct process_mark {
	pid_t pid;            /* 0: none */
	uint64_t start_ticks; /* since boot */
};

/** The mark of a process that lives. @return 0; -1 ERR_NOT_FOUND, also for a zombie
 *  Source: proc_pid_stat(5), field 22 */
int process_mark_take(pid_t pid, struct process_mark *out, struct err *err);

/** @return pidfd (owned) of that very process if it lives and is no zombie; else -1
 *  Source: pidfd_open(2); Linux >= 5.3 */
int process_mark_open(const struct process_mark *mark);
