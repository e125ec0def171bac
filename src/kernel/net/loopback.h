/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"

/** Bring up "lo" in the caller's network namespace. Source: netdevice(7), SIOCSIFFLAGS */
int loopback_raise(struct err *err);
