/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

/** The names in a directory, sorted; without those that begin with a dot (files being written).
 *  A missing directory is empty. */
int scan_names(int dir_fd, const char *path, struct strv *out, struct err *err);

/** fsync a directory: what was made, renamed or removed in it survives a power cut. */
int scan_sync(int dir_fd, const char *path, struct err *err);
