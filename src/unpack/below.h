/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a worker asks about the layers below: one path at a time, it never holds their tree. */
#include "base/err.h"

/**
 * Look up a path of a layer in the view of the layers below.
 *
 * @view_fd  read-only tree, complete
 * @path     from the worker: anything; it cannot leave the view, and no symlink is followed
 * @out_fd   what is there: a file or a directory is open for reading, anything else O_PATH
 * @return 1; 0: nothing is there, or a whiteout; -1
 */
int below_open(int view_fd, const char *path, int *out_fd, struct err *err);
