/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Directory trees by descriptor. */
#include "base/err.h"

/**
 * Remove `name` in `dir_fd` and everything below it, never following a symlink and never crossing
 * into another mount (EXDEV or EBUSY: the mounted tree is untouched). Nothing there is no error.
 * Directories without permission bits are opened after a chmod. Depth is unlimited; at most 32
 * descriptors and 300 KB are used, far less for a small tree.
 *
 * @name   one name, not a path; a file or a symlink is removed itself
 * @return 0, or -1 ERR_SYSTEM naming the entry; what was removed before stays removed
 * Source: openat2(2) RESOLVE_NO_XDEV, unlinkat(2)
 */
int tree_remove(int dir_fd, const char *name, struct err *err);
