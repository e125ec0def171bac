/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A growing byte buffer that is always NUL-terminated. Zero-initialise it:
 *
 *	AUTO(struct buf, buf_done) text = { 0 };
 *
 * Every buffer has a maximum (`max_bytes`, BUF_MAX_DEFAULT when 0). Appending beyond it ends the
 * process, as running out of memory does: whoever fills a buffer from outside checks the size
 * first and reports it as bad input.
 */
#include "base/attr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define BUF_MAX_DEFAULT (64u << 20)

struct buf {
	char *data; /* owned; NULL while empty: use buf_str() for a C string */
	size_t len;
	size_t capacity;
	size_t max_bytes;
};

/** Free the memory and zero the struct. */
void buf_done(struct buf *buf);

/** Forget the content, keep the memory. */
void buf_reset(struct buf *buf);

/** Make room for `extra` more bytes (and the NUL). */
void buf_reserve(struct buf *buf, size_t extra);

/** Append a copy; what `max_bytes` does not allow ends the process, see above. */
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_char(struct buf *buf, char c);
void buf_add_str(struct buf *buf, const char *text);
void buf_addf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_addv(struct buf *buf, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/** Append a double-quoted JSON string; invalid UTF-8 bytes become U+FFFD. */
void buf_add_json_str(struct buf *buf, const char *text);

/** Append one shell word, quoted only where a POSIX shell needs it. */
void buf_add_shell_word(struct buf *buf, const char *word);

/** @return the content as a C string ("" when empty), borrowed */
const char *buf_str(const struct buf *buf);

/** @return the content as an owned C string (never NULL); the buffer is empty afterwards */
char *buf_take(struct buf *buf);
