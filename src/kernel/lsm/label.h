/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/** Is `read_back`, as the kernel shows it ("NAME (enforce)\n", or a context with a NUL or newline
 *  after it), the label `wanted`? Source: proc(5) /proc/PID/attr */
bool lsm_label_is(const char *read_back, const char *wanted);

/** Is `profile` in the text of securityfs' apparmor/profiles ("NAME (mode)" per line)? */
bool lsm_profile_listed(const char *profiles, const char *profile);
