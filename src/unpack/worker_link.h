/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A worker that runs, as the engine holds it: the process and the socket. Of drive.c and job.c. */
#include "base/err.h"
#include "sys/process.h"
#include "unpack/drive.h"
#include "unpack/protocol.h"

struct worker {
	const struct unpack_run *run;
	struct process_child child;
	int sock_fd;
	struct unpack_packet packet; /* the last that came */
};

/** What the worker gets, borrowed; -1: nothing. */
struct worker_fds {
	int input, output, lower, recipe;
};

/** argv[0] of every worker; not const for exec's sake. */
extern char worker_program_name[];

/** @return owned, to be ended by worker_end; NULL when it could not be started */
struct worker *worker_start(const struct unpack_run *run, char *const argv[],
			    const struct worker_fds *fds, struct err *err);

/**
 * Reap and free. After a failure (rc < 0) the socket is closed first, which ends a worker that
 * still runs. @return rc, or -1 when the worker failed after all
 */
int worker_end(struct worker *worker, int rc, struct err *err);

/**
 * Receive one packet into worker->packet; progress is passed on.
 * @return its type; 0 for progress; -1: the worker is lost (ERR_REMOTE), or said an error, which
 *         is in `err`
 */
int worker_take(struct worker *worker, struct err *err);

/** The next packet that is not progress. @return its type, or -1 */
int worker_next(struct worker *worker, struct err *err);

/** For a packet that should not have come; passes a `type` of -1 through. @return -1 */
int worker_unexpected(int type, struct err *err);
