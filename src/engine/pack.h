/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pack: a minimal, deterministic image of host programs with what they need to start: loader,
 * libraries, interpreters of scripts, and the symlinks on the way to them. Files are read, never
 * run, except a command that the caller asks to trace.
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

struct engine;

struct pack_options {
	const struct strv *programs;    /* host paths, or names looked up in search_path */
	const struct strv *extra_files; /* --add HOST[:CONTAINER] */
	const struct strv
		*trace_command; /* --trace CMD...: run once, add what it opens; may be empty */
	const struct strv *entrypoint; /* empty or NULL: the first program */
	const char *search_path; /* PATH for names and for "#!/usr/bin/env X"; NULL: a default */
	uint64_t mtime_s;        /* time stamp of every file and of the image (SOURCE_DATE_EPOCH) */
	const char *name;        /* NULL: nothing is stored, only the reasons are found */
};

#define PACK_COMMAND_LINE "command line" /* needed_by of what the caller named */

/** Why a file is in the image. */
struct pack_reason {
	char *path;       /* in the image */
	char *needed_by;  /* path of another file here, or PACK_COMMAND_LINE */
	const char *kind; /* "program", "interpreter", "loader", "library", "symlink", "opened",
			     "examined", "executed", "added", "generated"; static
			     storage */
	struct strv also_needed_by;
	uint64_t size_bytes;
};
struct pack_result {
	char id[65];                 /* "" when nothing was stored */
	struct pack_reason *reasons; /* in the order they were found */
	size_t reasons_len;
	uint64_t size_bytes;
	int trace_status; /* exit code of the traced command, as a shell shows it; 0 without one */
};
void pack_result_done(struct pack_result *result);

/**
 * @return 0; -1: a program is missing, foreign or damaged, or needs a library that is nowhere
 *         (ERR_NOT_FOUND, naming who needs it)
 */
int engine_pack(struct engine *engine, const struct pack_options *options, struct pack_result *out,
		struct err *err);
