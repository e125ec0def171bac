/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The rooted open: the only place that resolves a path of somebody else's tree.
 *
 * Across a trust boundary a path is (root_fd, relative path). No symlink, "..", or magic link can
 * leave the root, not even while another process renames directories under us: the kernel resolves
 * the whole path in one call.
 * Source: openat2(2), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS; Linux >= 5.6.
 */
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/**
 * Open `path` below `root_fd` as if `root_fd` were "/".
 *
 * @path   a container path; a leading "/" is allowed; "" and "/" are the root itself
 * @flags  open(2) flags; O_CLOEXEC is always added
 * @return owned fd, or -1 with ERR_SYSTEM (ELOOP, ENOENT, EXDEV, ...)
 */
int rooted_open(int root_fd, const char *path, int flags, mode_t mode, struct err *err);

/**
 * The same, but a symlink anywhere in the path is an error (ELOOP): for paths that only we make.
 */
int rooted_open_nosymlink(int root_fd, const char *path, int flags, mode_t mode, struct err *err);

/**
 * Make a directory and its missing parents below `root_fd`, then open it (O_PATH | O_DIRECTORY).
 * Existing symlinks are followed inside the root, also those whose target is missing: it is made.
 * Components that are missing are made with mkdirat on descriptors, mode `mode`.
 *
 * @return owned O_PATH fd, or -1 (ERR_SYSTEM; ENOTDIR when something else is in the way)
 */
int rooted_mkdirs(int root_fd, const char *path, mode_t mode, struct err *err);

/**
 * As rooted_mkdirs for the parent, then make an empty regular file if nothing is there, or where a
 * symlink that is there leads to.
 * @return owned O_PATH fd of the file, or -1
 */
int rooted_mkfile(int root_fd, const char *path, mode_t mode, struct err *err);
