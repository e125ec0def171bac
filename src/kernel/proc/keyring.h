/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

/** Join a fresh session keyring, so that the caller's keys stay out of reach. A kernel without
 *  keyrings (ENOSYS) or a full quota is no error. Source: keyctl(2), session-keyring(7) */
int keyring_join_new(const char *name, struct err *err);
