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

/**
 * @out_pidfd  owned, of that very process
 * @return 1 if it lives; 0 if it has ended, is a zombie, or there is no mark; -1 when it cannot be
 *         told: nobody may take it for dead then
 * Source: pidfd_open(2); Linux >= 5.3
 */
int process_mark_open(const struct process_mark *mark, int *out_pidfd, struct err *err);
