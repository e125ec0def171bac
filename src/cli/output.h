/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where text leaves: stdout in whole buffers, errors and warnings on stderr, once, with a hint.
 * No stdio: nothing is buffered twice and nothing is left to flush at exit.
 */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/** Exit statuses; see docs of each verb. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,  /* the verb failed */
	EXIT_USAGE = 125, /* the command line is wrong, or `run` failed before the container ran */
};

/** Exit status of a failed verb, by kind of error. */
int output_exit_status(const struct err *err);

/** Write all of it to stdout. @return 0 or -1 (a closed pipe too) */
int output_write(const struct buf *text, struct err *err);

/** A line on stdout. */
int output_line(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Print "onggi: TEXT" and the hint to stderr. Control bytes are escaped. */
void output_error(const struct err *err);

/** For warn_to(): "onggi: warning: TEXT". */
void output_warning(const char *text);

/** "See 'onggi run --help'." on stderr. */
void output_see_help(const char *command);

/** Is there a terminal behind `fd`? */
bool output_is_terminal(int fd);

/** Columns of the terminal on `fd`; else of $COLUMNS; else `fallback`. */
unsigned output_width(int fd, unsigned fallback);

/** true when colours are welcome on `fd`: a terminal, NO_COLOR not set, TERM not dumb. */
bool output_has_colour(int fd);
