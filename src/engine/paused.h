/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A container that stands still while something reads it. */
#include "base/err.h"
#include "store/container.h"

/**
 * Freeze a running container. One that does not run, or has no control group, is left alone.
 * If we are killed, paused_recover() of the next command lets it go on: the mark in the run root is
 * a lock that dies with us.
 * @return owned fd of the mark, for paused_end(); -1 with ERR_CONFLICT when somebody else has
 * paused it and does not end
 */
int paused_begin(const struct store *store, const struct container *container, struct err *err);

/** Let it go on. What goes wrong is said as a warning: nothing that was read becomes wrong by it.
 */
void paused_end(const struct store *store, const struct container *container, int mark_fd);

/** Let go on what dead processes have paused. */
int paused_recover(const struct store *store, struct err *err);
