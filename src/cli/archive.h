/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where an archive goes: into the file of -o, which appears when it is complete, or to the standard
 * output. */
#include "base/err.h"

/** The row of -o is the same for all who write one. `path_offset` is of the member in its input. */
#define ARCHIVE_OUTPUT_ROW(path_offset)                                                            \
	{                                                                                          \
		.name = "output", .letter = 'o', .type = OPTION_STRING, .argument = "file",        \
		.offset = (path_offset), .complete = COMPLETE_FILES,                               \
		.help = "Write the archive here instead of to the standard output; it appears "    \
			"when it is complete"                                                      \
	}

/** Refuse to write to a terminal. First of all. @path  of -o, or NULL */
int archive_check(const char *path, struct err *err);

/** Write the archive to an open descriptor. @return 0 or -1 */
typedef int archive_write(void *arg, int fd, struct err *err);

/** Have it written. With a path nothing is there if it fails, and what was there stays. */
int archive_output(const char *path, archive_write *write, void *arg, struct err *err);
