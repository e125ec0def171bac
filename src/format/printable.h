/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text of somebody else's on our terminal: names, labels, messages. What could move the cursor,
 * rewrite a line or turn its direction is shown as an escape.
 */
#include "base/buf.h"

enum printable_keep {
	PRINTABLE_LINE, /* nothing but printable characters */
	PRINTABLE_TEXT, /* newlines and tabs as well */
};

/** Append `text`; control characters, invalid UTF-8 and direction marks become \xNN or \uNNNN. */
void printable_add(struct buf *out, const char *text, enum printable_keep keep);

/** Columns that printable UTF-8 takes: one per character, two for wide East Asian ones. */
size_t printable_width(const char *text, size_t len);

/** Append a line, cut to `max_chars` characters with an ellipsis as the last when it is longer (0:
 *  whole). Escapes as PRINTABLE_LINE. */
void printable_add_cut(struct buf *out, const char *text, size_t max_chars);

/** Append one double-quoted word in Go's syntax, cut to `max_chars` characters with an ellipsis
 *  inside the quotes when it is longer (0: whole). As Docker shows commands. */
void printable_add_quoted(struct buf *out, const char *text, size_t max_chars);
