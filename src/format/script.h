/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The "#!" line of a script, as the kernel reads it. */
#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_LINE_MAX 256 /* the kernel looks at this many bytes (BINPRM_BUF_SIZE) */

struct script {
	char *interpreter; /* the path after "#!" */
	char *argument;    /* the rest of the line, one word for the interpreter; NULL: none */
};

void script_done(struct script *script);

/**
 * Read the first line.
 *
 * @return false if it does not start with "#!" or names nothing; out is filled only on true
 * Source: execve(2), "Interpreter scripts"; fs/binfmt_script.c
 */
bool script_parse(const void *data, size_t len, struct script *out);

/**
 * The command that env(1) would run for a line such as "#!/usr/bin/env -S NAME=value python3 -u".
 *
 * @return owned name, or NULL if the interpreter is not env or names no command
 */
char *script_env_command(const struct script *script);
