/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small readers of header values. All take NUL-terminated texts and never fail loudly: a value that
 * cannot be read is as good as none.
 */
#include "registry/header.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* The value of one parameter behind ";": is it a rel that has "next" among its words? */
static bool is_next(const char *name, size_t name_len, const char *value, size_t value_len)
{
	if (name_len != 3 || strncasecmp(name, "rel", 3) != 0)
		return false;
	for (size_t at = 0; at < value_len;) {
		size_t blanks = strspn(value + at, BLANKS);
		if (at + blanks >= value_len)
			break;
		size_t len = strcspn(value + at + blanks, BLANKS "\"");
		len = at + blanks + len > value_len ? value_len - at - blanks : len;
		if (len == 4 && strncasecmp(value + at + blanks, "next", 4) == 0)
			return true;
		at += blanks + len + 1;
	}
	return false;
}

/* One parameter, from behind its ";". @return what follows it */
static const char *read_param(const char *at, bool *is_wanted)
{
	const char *name = at + strspn(at, BLANKS);
	size_t name_len = strcspn(name, "=;, \t");
	at = name + name_len;
	at += strspn(at, BLANKS);
	if (*at != '=')
		return at;
	at++;
	at += strspn(at, BLANKS);
	bool is_quoted = *at == '"';
	const char *value = at + is_quoted;
	size_t value_len = strcspn(value, is_quoted ? "\"" : ";, \t");
	if (is_next(name, name_len, value, value_len))
		*is_wanted = true;
	at = value + value_len;
	return is_quoted && *at == '"' ? at + 1 : at;
}

char *header_next_link(const char *value)
{
	for (const char *at = value; (at = strchr(at, '<')) != NULL;) {
		const char *target = at + 1, *end = strchr(target, '>');
		bool is_wanted = false;
		if (end == NULL)
			return NULL;
		at = end + 1;
		for (;;) {
			at += strspn(at, BLANKS);
			if (*at != ';')
				break;
			at = read_param(at + 1, &is_wanted);
		}
		if (is_wanted)
			return mem_strndup(target, (size_t)(end - target));
	}
	return NULL;
}

/* Digits, without overflow. @return what follows, or NULL */
static const char *read_number(const char *at, uint64_t *out)
{
	uint64_t value = 0;
	if (*at < '0' || *at > '9')
		return NULL;
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*out = value;
	return at;
}

bool header_content_range(const char *value, uint64_t *out_first, uint64_t *out_last,
			  uint64_t *out_total)
{
	uint64_t first, last, total;
	if (strncasecmp(value, "bytes", 5) != 0)
		return false;
	const char *at = value + 5 + strspn(value + 5, BLANKS);
	at = read_number(at, &first);
	if (at == NULL || *at != '-' || (at = read_number(at + 1, &last)) == NULL || *at != '/' ||
	    (at = read_number(at + 1, &total)) == NULL || at[strspn(at, BLANKS)] != '\0')
		return false;
	if (first > last || last >= total)
		return false;
	*out_first = first;
	*out_last = last;
	*out_total = total;
	return true;
}

void header_media_type(const char *value, char out[HEADER_MEDIA_TYPE_SIZE])
{
	const char *from = value + strspn(value, BLANKS);
	size_t len = strcspn(from, "; \t");
	out[0] = '\0';
	if (len >= HEADER_MEDIA_TYPE_SIZE)
		return;
	for (size_t i = 0; i < len; i++)
		out[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
	out[len] = '\0';
}

bool header_number(const char *value, uint64_t *out)
{
	return read_number(value + strspn(value, BLANKS), out) != NULL;
}
