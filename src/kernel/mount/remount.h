/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Mount attributes without mount_setattr(2): Linux 5.10 and 5.11. */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * As mount_set_attrs, by MS_REMOUNT | MS_BIND. A detached mount is attached for the time in a
 * mount namespace of its own, and `mount_fd` then stands for a detached clone of the result.
 * @return 0, or -1; ERR_UNSUPPORTED for an attached mount with everything below it
 */
int mount_remount_attrs(int mount_fd, uint64_t set, uint64_t clear, bool recursive,
			struct err *err);
