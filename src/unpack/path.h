/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names in an archive: cleaned before anything is done with them. */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/**
 * "./a//b/" and "/a/b" become "a/b"; the root becomes "". A ".." component, a component beyond 255
 * bytes or a path beyond the limits is ERR_INVALID.
 */
int path_clean(const char *path, struct buf *out, struct err *err);

/** Split a clean path: *out_name points into `path`, *out_parent_len is 0 for the root. */
void path_split(const char *path, size_t *out_parent_len, const char **out_name);

/** @return true if `path` is `prefix` or below it ("" is above all) */
bool path_is_below(const char *path, const char *prefix);
