/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escaping for terminals. Decides by code point, so that names in any script stay readable while
 * C0, C1, DEL and the bidirectional overrides never reach a terminal.
 */
#include "format/printable.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

struct rune {
	uint32_t code;
	size_t len; /* bytes; 0: not valid UTF-8 */
};

static struct rune rune_read(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	if (s[0] < 0x80)
		return (struct rune){ s[0], 1 };
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
	if (len == 0 || s[0] > 0xf4)
		return (struct rune){ s[0], 0 };
	uint32_t code = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (struct rune){ s[0], 0 };
		code = code << 6 | (s[i] & 0x3f);
	}
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return (struct rune){ s[0], 0 };
	return (struct rune){ code, len };
}

static bool rune_is_safe(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	bool is_direction = (code >= 0x200e && code <= 0x200f) ||
			    (code >= 0x202a && code <= 0x202e) ||
			    (code >= 0x2066 && code <= 0x2069) || code == 0x061c;
	bool is_break = code == 0x2028 || code == 0x2029;
	return !is_direction && !is_break && code != 0xfeff;
}

static void rune_add_escape(struct buf *out, struct rune rune)
{
	if (rune.len == 0 || rune.code < 0x80)
		buf_addf(out, "\\x%02x", (unsigned)rune.code);
	else
		buf_addf(out, "\\u%04x", (unsigned)rune.code);
}

void printable_add(struct buf *out, const char *text, enum printable_keep keep)
{
	while (*text != '\0') {
		struct rune rune = rune_read(text);
		bool is_kept = keep == PRINTABLE_TEXT && (*text == '\n' || *text == '\t');
		if (is_kept || (rune.len > 0 && rune_is_safe(rune.code)))
			buf_add(out, text, rune.len);
		else
			rune_add_escape(out, rune);
		text += rune.len > 0 ? rune.len : 1;
	}
}

static bool rune_is_wide(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
	       (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
	       (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

size_t printable_width(const char *text, size_t len)
{
	size_t width = 0;
	const char *end = text + len;
	while (text < end && *text != '\0') {
		struct rune rune = rune_read(text);
		bool is_mark = rune.code >= 0x300 && rune.code <= 0x36f;
		width += rune.len == 0 ? 1 : is_mark ? 0 : rune_is_wide(rune.code) ? 2 : 1;
		text += rune.len > 0 ? rune.len : 1;
	}
	return width;
}

static void add_quoted_rune(struct buf *out, const char *text, struct rune rune)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\";
	static const char letters[] = "abfnrtv\"\\";
	const char *at = rune.len == 1 ? strchr(plain, (int)rune.code) : NULL;
	if (at != NULL && *at != '\0')
		buf_addf(out, "\\%c", letters[at - plain]);
	else if (rune.len > 0 && rune_is_safe(rune.code))
		buf_add(out, text, rune.len);
	else
		rune_add_escape(out, rune);
}

/* Bytes of `text` that are shown of it: all, or what leaves room for an ellipsis. */
static size_t cut_len(const char *text, size_t max_chars)
{
	size_t chars = 0, kept = 0;
	const char *s = text;
	for (; *s != '\0'; chars++) {
		struct rune rune = rune_read(s);
		if (chars + 1 == max_chars)
			kept = (size_t)(s - text);
		s += rune.len > 0 ? rune.len : 1;
	}
	return max_chars > 0 && chars > max_chars ? kept : (size_t)(s - text);
}

void printable_add_cut(struct buf *out, const char *text, size_t max_chars)
{
	size_t len = cut_len(text, max_chars);
	AUTO_FREE char *kept = mem_strndup(text, len);
	printable_add(out, kept, PRINTABLE_LINE);
	if (text[len] != '\0')
		buf_add_str(out, ELLIPSIS);
}

void printable_add_quoted(struct buf *out, const char *text, size_t max_chars)
{
	const char *end = text + cut_len(text, max_chars);
	buf_add_char(out, '"');
	while (text < end) {
		struct rune rune = rune_read(text);
		add_quoted_rune(out, text, rune);
		text += rune.len > 0 ? rune.len : 1;
	}
	if (*text != '\0')
		buf_add_str(out, ELLIPSIS);
	buf_add_char(out, '"');
}
