/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/**
 * Kill everything in a container's cgroup (a path as in its record; "" or NULL: nothing to do),
 * and remove the cgroup if `remove`. Missing cgroups are no error.
 */
int orphan_kill_cgroup(const char *cgroup_path, bool remove, struct err *err);
