/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A procfs of our own: /proc is never opened by a path that a container could have covered.
 */
#include "base/err.h"

/** A detached procfs of the caller's pid namespace (fsopen), or /proc checked to be a procfs root
 *  where the kernel refuses (user namespaces). @return owned directory fd */
int procfs_open(struct err *err);

/** /proc/self below it: "thread-self"-free, verified to be procfs. @return owned directory fd */
int procfs_open_self(int proc_fd, struct err *err);
