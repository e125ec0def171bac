/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Columns for people: cells aligned, the last ones cut when a terminal is narrow. */
#include "base/buf.h"
#include "base/strv.h"

struct table {
	struct strv cells; /* row by row; cells are printable already */
	size_t columns;
};
void table_done(struct table *table);

/** Append the rows. Columns are as wide as their widest cell, and three blanks apart; when that is
 *  more than `width` columns (0: no limit), `flexible` columns (bits) are cut with an ellipsis. */
void table_add_to(struct buf *out, const struct table *table, unsigned width, unsigned flexible);
