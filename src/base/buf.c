/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void buf_done(struct buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void buf_reserve(struct buf *buf, size_t extra)
{
	size_t max = buf->max_bytes != 0 ? buf->max_bytes : BUF_MAX_DEFAULT;
	if (extra >= max || buf->len + extra + 1 > max)
		mem_die("a buffer would grow beyond its maximum");
	size_t need = buf->len + extra + 1;
	if (need <= buf->capacity)
		return;
	size_t capacity = buf->capacity != 0 ? buf->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	buf->data = mem_realloc(buf->data, capacity);
	buf->capacity = capacity;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	buf_reserve(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_addv(struct buf *buf, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		mem_die("a format string cannot be printed");
	buf_reserve(buf, (size_t)n);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
	va_end(again);
	buf->len += (size_t)n;
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_addv(buf, fmt, ap);
	va_end(ap);
}

void buf_add_json_str(struct buf *buf, const char *text)
{
	buf_add_char(buf, '"');
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0';) {
		size_t n = utf8_len(s);
		if (n == 0) {
			buf_add_str(buf, "\xef\xbf\xbd");
			s++;
			continue;
		}
		if (n == 1 && (*s == '"' || *s == '\\'))
			buf_addf(buf, "\\%c", *s);
		else if (n == 1 && *s == '\n')
			buf_add_str(buf, "\\n");
		else if (n == 1 && *s == '\t')
			buf_add_str(buf, "\\t");
		else if (n == 1 && (*s < 0x20 || *s == 0x7f))
			buf_addf(buf, "\\u%04x", *s);
		else
			buf_add(buf, s, n);
		s += n;
	}
	buf_add_char(buf, '"');
}

void buf_add_shell_word(struct buf *buf, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-+=./:,@%^";
	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		buf_add_str(buf, word);
		return;
	}
	buf_add_char(buf, '\'');
	for (const char *s = word; *s != '\0'; s++) {
		if (*s == '\'')
			buf_add_str(buf, "'\\''");
		else
			buf_add_char(buf, *s);
	}
	buf_add_char(buf, '\'');
}

const char *buf_str(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	buf_reserve(buf, 0);
	buf->data[buf->len] = '\0';
	char *text = ptr_take(&buf->data);
	buf_done(buf);
	return text;
}
