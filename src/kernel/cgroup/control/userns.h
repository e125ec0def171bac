/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/**
 * Why would a privileged kernel interface say EPERM?
 * @return whether because the caller is not root, or root only of a user namespace. Reads
 *         /proc/self/uid_map: for the path after a failure. Source: user_namespaces(7)
 */
bool cgroup_is_unprivileged(void);
