/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file that somebody named as output: it appears, or replaces what was there, when it is
 * complete. Until then it has no name, so that nothing is left of it whenever we die.
 */
#include "base/err.h"

#include <sys/types.h>

struct draft {
	int fd; /* write here */
	int dir_fd;
	char *path;     /* as given, for messages */
	char *name;     /* the last part; NULL: written in place (a FIFO, a device) */
	char *own_name; /* on file systems without O_TMPFILE: hidden, and seen by others; else NULL
			 */
};

#define DRAFT_INIT                                                                                 \
	{                                                                                          \
		.fd = -1, .dir_fd = -1                                                             \
	}

/**
 * Begin. What is at `path` and no regular file (a FIFO, /dev/stdout) is opened as it is.
 * @mode  of the file; the umask applies
 * @return 0, or -1: ERR_SYSTEM, also EISDIR
 * Source: open(2) O_TMPFILE, linkat(2) AT_SYMLINK_FOLLOW
 */
int draft_open(const char *path, mode_t mode, struct draft *out, struct err *err);

/** It is complete: on disk, then under its name. */
int draft_commit(struct draft *draft, struct err *err);

/** Close; without draft_commit() nothing stays. */
void draft_done(struct draft *draft);
