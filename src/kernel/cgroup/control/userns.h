/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/** @return whether the caller is in a user namespace other than the initial one; read from
 *  /proc/self/uid_map, so only for the path after a failure. Source: user_namespaces(7) */
bool cgroup_in_user_namespace(void);
