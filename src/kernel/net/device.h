/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Network devices that change their namespace. A device that is moved goes down and loses its
 * addresses; physical ones come back to the first namespace when theirs is gone, virtual ones go
 * with it. Source: rtnetlink(7); OCI runtime-spec config-linux.md "Network Devices"
 */
#include "base/err.h"

#include <stdbool.h>

/** Can it be the name of a device: 1 to 15 bytes, no blank, '/', ':' or '%', not "." or ".."? */
bool net_device_name_is_valid(const char *name);

/**
 * Move a device of the caller's namespace to another one, give it back its permanent addresses of
 * global scope there, and bring it up. MAC address and MTU stay what they are. The caller is in
 * the other namespace for a moment: it must be single-threaded.
 *
 * @name      of the device here
 * @netns_fd  borrowed
 * @new_name  there; NULL: the same
 * @return 0; -1 ERR_NOT_FOUND (no such device), ERR_CONFLICT (there is a device of that name
 *         already), ERR_SYSTEM; the device may have been moved then
 */
int net_device_move(const char *name, int netns_fd, const char *new_name, struct err *err);

/** Is a device of the caller's namespace up? No such device is not. */
bool net_device_is_up(const char *name);

/** The way back: the device `name` of the other namespace becomes `home_name` of the caller's, with
 *  its addresses, and up if it `is_up` here. @return 0 or -1 as above */
int net_device_return(const char *name, int netns_fd, const char *home_name, bool is_up,
		      struct err *err);
