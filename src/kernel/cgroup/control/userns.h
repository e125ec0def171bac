/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Device rules where the kernel takes none from us. */
#include "base/err.h"

#include <stdbool.h>

/**
 * What to do about device rules that failed with `cause`. Only root of the initial user namespace
 * may set them; for others it is nothing to speak of, because the kernel itself then keeps device
 * nodes from being made or opened where it matters, and every container would say it.
 * @return 0, or -1 with `cause` in `err`
 * Source: user_namespaces(7); devcgroup_access_write() and bpf_prog_load() ask for capabilities
 * in the initial user namespace
 */
int cgroup_device_failure(const struct err *cause, struct err *err);

/** Are we somebody whose device rules the kernel would not take in any group? */
bool cgroup_device_rules_are_denied(void);
