/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How far a long operation is: one line that is rewritten on a terminal, a line per phase
 * elsewhere. */
#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_WHAT_SIZE 64

struct progress {
	bool is_terminal, is_quiet;
	bool has_line; /* an unfinished line is on the screen */
	char what[PROGRESS_WHAT_SIZE];
	uint64_t shown_ns; /* when the line was last drawn */
};

/** Progress goes to the standard error. */
void progress_init(struct progress *progress, bool is_quiet);

/** A load_progress callback; `arg` is a struct progress. Draws at most ten times a second. */
void progress_show(void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes);

/** Wipe the unfinished line. */
void progress_end(struct progress *progress);
