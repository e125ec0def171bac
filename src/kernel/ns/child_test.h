/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tests that change the process they run in: each in a child of its own. cmocka's asserts would
 * jump into the child's copy of the runner, so a child says CHECK and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "sys/fd.h"

#define CHILD_SKIP 77

#define CHECK(claim)                                                                               \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			fprintf(stderr, "%s:%d: not so: %s (errno %s)\n", __FILE__, __LINE__,      \
				#claim, strerror(errno));                                          \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

#define CHECK_OK(call, err)                                                                        \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			fprintf(stderr, "%s:%d: %s: %s [%s]\n", __FILE__, __LINE__, #call,         \
				(err)->text, (err)->hint);                                         \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* The child cannot test this here: say why, loudly. */
static UNUSED void child_skip(const char *why)
{
	fprintf(stderr, "SKIP: %s\n", why);
	_exit(CHILD_SKIP);
}

/* @return the exit status of a child that ran `body` */
static UNUSED int child_run(void (*body)(void))
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* In the parent: skip, fail or pass as the child did. */
static UNUSED void child_judge(int exit_status)
{
	if (exit_status == CHILD_SKIP)
		skip();
	assert_int_equal(exit_status, 0);
}
