/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Somebody else's program, run to its end: with our patience, and its last words in the error. */
#include "base/err.h"

struct errand {
	const char *path;   /* absolute */
	char *const *argv;  /* NULL at the end */
	char *const *envp;  /* NULL at the end */
	const char *input;  /* its standard input; NULL: nothing to read */
	unsigned timeout_s; /* 0: none */
	/* Descriptors that its output goes to; 0: a memory file, whose end is told in errors. */
	int output_fd, error_fd;
};

/**
 * Run it and wait. It gets memory files as standard input and output, so that nobody waits for a
 * pipe. It leads a process group; one that takes longer than its time is killed, with its group,
 * and also when a signal to end us comes that the caller has blocked (sys/interrupt.h), or we are
 * killed ourselves.
 * @return 0 when it exits with 0; -1 ERR_SYSTEM when it cannot be run, ERR_REMOTE with its exit
 *         status and the end of what it wrote
 */
int errand_run(const struct errand *errand, struct err *err);
