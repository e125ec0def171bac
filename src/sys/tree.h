/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Directory trees by descriptor. */
#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

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

/**
 * The same until a moment of the monotonic clock, about: what is left then can be removed by
 * another call.
 * @return 1 all of it is gone, 0 time was up, -1
 */
int tree_remove_until(int dir_fd, const char *name, uint64_t deadline_ns, struct err *err);

/**
 * The names in a directory, sorted, without "." and "..".
 * @dir_fd  any descriptor of it, also O_PATH; its offset is not touched
 * @return 0 and the names appended to `out`, or -1 ERR_SYSTEM; a directory that cannot be read to
 * its end is an error
 */
int tree_names(int dir_fd, struct strv *out, struct err *err);

/**
 * Bytes in `name` in `dir_fd` and everything below it: contents of files, each counted once, and
 * texts of symlinks. Symlinks are not followed; what goes while it is looked at does not count; so
 * does nothing that lies deeper than a path can say. Nothing there is 0.
 * @return 0, or -1 ERR_SYSTEM
 */
int tree_size(int dir_fd, const char *name, uint64_t *out_bytes, struct err *err);
