/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Controllers in a v2 tree: each level must pass them on to the next. */
#include "kernel/cgroup/cgroup.h"

/**
 * Make the controllers that `limits` needs available in the cgroup at `path`, by writing the
 * cgroup.subtree_control of the levels above it where it does not have them yet. On pure v2 also
 * what others read statistics of (cpu, memory, pids, io, ...), as far as that goes.
 *
 * @leaf_fd  the cgroup's directory
 * @base_fd  see cgroup_base_open
 * @return   0; -1 with ERR_UNSUPPORTED (no such controller), ERR_CONFLICT (a level has processes
 *           of its own) or ERR_SYSTEM
 */
int cgroup_v2_enable(const struct cgroup *cgroup, size_t index, const struct cgroup_limits *limits,
		     int base_fd, struct err *err);
