/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How far a pull is. On a terminal one line for each layer, drawn anew where it stands; elsewhere a
 * line when a layer begins and one when it ends. No line is wider than the terminal, and there are
 * never more than it has room for: the rest is counted.
 */
#include "base/buf.h"
#include "engine/pull.h"

#include <stdbool.h>

struct pull_screen_row {
	char id[13];
	enum unpacking_state state;
	uint64_t done_bytes, total_bytes;
};

struct pull_screen {
	int fd; /* borrowed */
	bool is_quiet, is_terminal;
	struct pull_screen_row *rows; /* owned */
	size_t rows_len;
	size_t drawn;      /* lines on the screen that are ours */
	uint64_t drawn_ns; /* when */
};

/** @fd  where it is drawn: the standard output or the standard error */
void pull_screen_init(struct pull_screen *screen, int fd, bool is_quiet);
void pull_screen_done(struct pull_screen *screen);

/** For engine_pull: its functions, `arg` being the screen. */
struct pull_watch pull_screen_watch(struct pull_screen *screen);

/** Draw what was held back. The lines stay; what comes next stands below them. */
void pull_screen_end(struct pull_screen *screen);

/**
 * What a terminal of this size shows of the rows, each line with its newline (for the tests).
 * @return the number of lines
 */
size_t pull_screen_lines(const struct pull_screen *screen, unsigned width, unsigned height,
			 struct buf *out);
