/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

/**
 * Join a fresh session keyring, so that the caller's keys stay out of reach. A kernel without
 * keyrings (ENOSYS) is no error; a full quota, or a seccomp filter that denies keyctl, is one
 * warning.
 *
 * @name   NULL for an anonymous keyring, which is certainly new; a keyring that has this name
 *         already and may be searched by us would be joined, so only unguessable names are safe
 * Source: keyctl(2) KEYCTL_JOIN_SESSION_KEYRING, session-keyring(7)
 */
int keyring_join_new(const char *name, struct err *err);
