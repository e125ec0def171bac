/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Directory trees by descriptor. */
#include "base/err.h"

/**
 * Remove `name` in `dir_fd` and everything below it, never following a symlink and never crossing
 * into another file system. Nothing there is no error. Directories without permission bits are
 * opened after a chmod. Depth is unlimited, memory is not needed per level.
 */
int tree_remove(int dir_fd, const char *name, struct err *err);
