/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

/**
 * Let the caller run on these processors only; children inherit it, and execve(2) keeps it.
 * Joining a cpuset cgroup replaces it by the cpuset's processors.
 *
 * @list  "0-3,7"
 * @return 0; -1 ERR_INVALID for no list, ERR_SYSTEM (EINVAL: none of them is online, or in the
 *         cpuset). Source: sched_setaffinity(2)
 */
int affinity_apply(const char *list, struct err *err);
