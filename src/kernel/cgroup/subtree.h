/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A cgroup with all that is below it: containers may make cgroups of their own. */
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

#define CGROUP_DEPTH_MAX 256

/**
 * Call `visit` for the directory and every one below, outermost first. A directory that vanishes
 * meanwhile is passed over. A negative result of `visit` ends the walk.
 * @return 0; the negative result; or -1 with errno (ELOOP: deeper than CGROUP_DEPTH_MAX)
 */
int cgroup_subtree_visit(int dir_fd, int (*visit)(int dir_fd, void *arg), void *arg);

/** Call `visit` for each process id in the subtree (0: not visible from our pid namespace).
 *  Results as above. */
int cgroup_subtree_visit_pids(int dir_fd, int (*visit)(pid_t pid, void *arg), void *arg);

/** @return number of processes in the subtree, or -1 with errno */
long cgroup_subtree_count(int dir_fd);

/**
 * Remove everything below the directory. Needs no memory or descriptor per level.
 * @return 0, or -1 with errno (EBUSY: a process is still in one of them)
 */
int cgroup_subtree_remove_children(int dir_fd);
