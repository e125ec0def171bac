/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Making room for limited children in the root of a cgroup namespace. */
#include "kernel/cgroup/cgroup.h"

#define CGROUP_EVACUATED_NAME "init"

/** Is this hierarchy's mount the root of a cgroup namespace that we ourselves are in? */
bool cgroup_is_namespace_root(const struct cgroup_hierarchy *hierarchy);

/**
 * Move every process of a v2 cgroup into a child of it, "init": the kernel passes controllers on
 * only from a cgroup without processes of its own. Meant for the root of a cgroup namespace, where
 * a container's processes are.
 *
 * @return 0; -1 with errno: EBUSY when a process of another PID namespace is among them, or new
 *         ones keep coming
 * Source: Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"
 */
int cgroup_evacuate(int dir_fd);
