/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Work that needs another working directory, root or mount namespace than the caller's. */
#include "base/err.h"

/**
 * Run `work` in a child that shares our memory and descriptors, and has its own working directory,
 * root, and mount namespace as soon as it unshares one. The caller waits; signals are blocked
 * meanwhile. `work` leaves its results in `argument` and opens descriptors for both.
 * @return what `work` returned (0 or -1); -1 with ERR_SYSTEM if there was no child
 * Source: clone(2), CLONE_VM | CLONE_VFORK | CLONE_FILES
 */
int mount_run_aside(int (*work)(void *), void *argument, struct err *err);
