/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Why did exec fail? The kernel has one number for many causes: ENOENT is said when the file is
 * missing, when the interpreter of a script is missing, and when the loader of a dynamic program
 * is missing. This room looks at the files and says which it was.
 */
#include "base/err.h"
#include "base/strv.h"

/* PATH of a container that has none, as Docker's. */
#define EXEC_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * Explain a failed execve(2). Only for the path of failure: it opens and reads files of the
 * container (through sys/rooted.h, so that nothing outside the root is looked at).
 *
 * @root_fd  the container's root directory, with its mounts where possible (O_PATH will do)
 * @path     the program as it was asked for: "ls" (searched in PATH) or a path. A relative path
 *           with a slash counts from the root: join the working directory before
 * @env      the container's environment, for PATH; NULL means the default PATH
 * @errnum   errno of execve(2)
 * @err      filled: text names the file and the cause, hint says what to do
 * @return   Docker's exit code: 127 command not found (the file, its interpreter or its loader is
 *           missing), 126 found but not executable
 */
int exec_diagnose(int root_fd, const char *path, const struct strv *env, int errnum,
		  struct err *err);
