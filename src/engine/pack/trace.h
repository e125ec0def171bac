/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Run a command once and note the files it opens for reading, those it looks at, and the programs
 * it executes: what no header names (dlopen, NSS, data files).
 */
#include "base/err.h"
#include "base/strv.h"

#include <stddef.h>

#define PACK_TRACE_MAX 65536 /* different files of one run */

/** What a process did with a file; a later one counts for more. */
enum pack_use {
	PACK_EXAMINED, /* stat(2), access(2) found it: Python reads a module only if it sees its
			  source */
	PACK_OPENED,   /* for reading */
	PACK_EXECUTED,
};

struct pack_traced {
	char *path; /* absolute, as the process named it */
	char *by;   /* path of the program that did */
	enum pack_use use;
};
struct pack_trace {
	struct pack_traced *files; /* in the order of their first use */
	size_t len;
	int exit_code; /* of the command, as a shell shows it */
};
void pack_trace_done(struct pack_trace *trace);

/**
 * Run `path` with the caller's environment and descriptors (its standard output goes to the
 * caller's standard error), with all its children, under ptrace(2). Ends when the command does;
 * what it left running is killed when the caller ends.
 *
 * @return 0 however the command ended; -1 if it could not be started or traced
 * Source: ptrace(2) PTRACE_SEIZE, PTRACE_GET_SYSCALL_INFO; Linux >= 5.3
 */
int pack_trace_run(const char *path, char *const argv[], struct pack_trace *out, struct err *err);
