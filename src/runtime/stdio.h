/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Standard input and output of a foreground container. What the caller redirected (a file, a pipe)
 * goes through untouched: no copy, no process in between. Only a terminal is kept apart by pipes,
 * so that a container without -t has no terminal to act upon.
 */
#include "base/err.h"

#include <stdbool.h>

struct stdio_options {
	bool tty;         /* the container has a console: nothing to prepare but the relay */
	bool is_direct;   /* nobody of ours stays: what the caller has, also a terminal */
	bool interactive; /* stdin is wanted */
	bool attach_stdout, attach_stderr;
};

struct stdio {
	int payload_fds[3]; /* what the payload gets as 0, 1, 2; all >= 3 or the number itself */
	int relay_fds[3];   /* our ends of the pipes: write end for 0; -1: nothing to relay */
	bool is_owned[3];   /* payload_fds[i] is ours to close */
	bool interactive;
	bool tty, is_direct;
};

/** Prepare. @return 0 or -1 */
int stdio_open(struct stdio *stdio, const struct stdio_options *options, struct err *err);

/** After the start: the payload's ends are the payload's alone. */
void stdio_close_payload(struct stdio *stdio);

void stdio_done(struct stdio *stdio);
