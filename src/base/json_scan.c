/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over JSON text that decides whether it is JSON at all. json-c is lenient where we must
 * not be: it accepts duplicate keys (the last one wins), saturates big integers, cuts keys at a
 * NUL. Here the grammar, the limits and the numbers are checked, and the members of each object
 * are counted: json-c's tree has fewer exactly where a key came twice.
 */
#include "base/json_scan.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const unsigned char *text, *at, *end; /* *end is NUL */
	const struct json_source *source;
	struct json_shape *shape;
	size_t values;
	unsigned depth, depth_max;
	/* For each open object the index of its count; SIZE_MAX for an array. */
	size_t open[JSON_DEPTH_MAX];
};

#define IS_ARRAY SIZE_MAX

void json_shape_done(struct json_shape *shape)
{
	free(shape->members);
	*shape = (struct json_shape){ 0 };
}

static int scan_fail(const struct scan *scan, const char *why, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: not acceptable JSON at byte %zu: %s",
		       scan->source->what, (size_t)(scan->at - scan->text), why);
}

static void skip_space(struct scan *scan)
{
	while (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t')
		scan->at++;
}

/* After a backslash. */
static int scan_escape(struct scan *scan, bool is_key, struct err *err)
{
	unsigned char c = *scan->at;
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return scan_fail(scan, "an unknown escape", err);
	scan->at++;
	if (c != 'u')
		return 0;
	for (int i = 0; i < 4; i++) {
		unsigned char digit = scan->at[i];
		if (digit == '\0' || strchr("0123456789abcdefABCDEF", digit) == NULL)
			return scan_fail(scan, "a malformed \\u escape", err);
	}
	if (is_key && memcmp(scan->at, "0000", 4) == 0)
		return scan_fail(scan, "a NUL in a key", err);
	scan->at += 4;
	return 0;
}

static int scan_string(struct scan *scan, bool is_key, struct err *err)
{
	const unsigned char *start = ++scan->at;
	while (*scan->at != '"') {
		if (scan->at == scan->end)
			return scan_fail(scan, "a string that does not end", err);
		if (*scan->at < 0x20)
			return scan_fail(scan, "a control character in a string", err);
		if (*scan->at == '\\') {
			scan->at++;
			if (scan_escape(scan, is_key, err) < 0)
				return -1;
			continue;
		}
		size_t n = utf8_len(scan->at);
		if (n == 0)
			return scan_fail(scan, "invalid UTF-8", err);
		scan->at += n;
	}
	if ((size_t)(scan->at - start) > JSON_STRING_MAX)
		return scan_fail(scan, "a string of more than 1 MiB", err);
	scan->at++;
	return 0;
}

static size_t skip_digits(struct scan *scan)
{
	const unsigned char *start = scan->at;
	while (*scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - start);
}

static int scan_number(struct scan *scan, struct err *err)
{
	const unsigned char *start = scan->at;
	bool is_negative = *scan->at == '-';
	scan->at += is_negative;
	const unsigned char *first = scan->at;
	size_t digits = skip_digits(scan);
	if (digits == 0 || (digits > 1 && *first == '0'))
		return scan_fail(scan, "a malformed number", err);
	bool is_integer = true;
	if (*scan->at == '.') {
		is_integer = false;
		scan->at++;
		if (skip_digits(scan) == 0)
			return scan_fail(scan, "a malformed number", err);
	}
	if (*scan->at == 'e' || *scan->at == 'E') {
		is_integer = false;
		scan->at++;
		scan->at += *scan->at == '+' || *scan->at == '-';
		if (skip_digits(scan) == 0)
			return scan_fail(scan, "a malformed number", err);
	}
	if (is_integer) {
		const char *most = is_negative ? "9223372036854775808" : "18446744073709551615";
		if (digits > strlen(most) ||
		    (digits == strlen(most) && memcmp(first, most, digits) > 0))
			return scan_fail(scan, "an integer beyond 64 bits", err);
	} else if (scan->at - start > 64 || !isfinite(strtod((const char *)start, NULL))) {
		return scan_fail(scan, "a number out of range", err);
	}
	return 0;
}

static int scan_literal(struct scan *scan, struct err *err)
{
	static const char *const literals[] = { "true", "false", "null" };
	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		size_t len = strlen(literals[i]);
		if (strncmp((const char *)scan->at, literals[i], len) == 0) {
			scan->at += len;
			return 0;
		}
	}
	return scan_fail(scan, scan->at == scan->end ? "the text ends too early" : "no value", err);
}

static int open_container(struct scan *scan, struct err *err)
{
	if (scan->depth >= scan->depth_max)
		return scan_fail(scan, "too deeply nested", err);
	bool is_object = *scan->at++ == '{';
	scan->open[scan->depth++] = is_object ? scan->shape->objects : IS_ARRAY;
	if (!is_object)
		return 0;
	struct json_shape *shape = scan->shape;
	if (shape->objects >= JSON_OBJECTS_MAX)
		return scan_fail(scan, "too many objects", err);
	if (shape->objects == shape->capacity) {
		shape->capacity = shape->capacity != 0 ? 2 * shape->capacity : 32;
		shape->members = mem_realloc(shape->members,
					     shape->capacity * sizeof(*shape->members));
	}
	shape->members[shape->objects++] = 0;
	return 0;
}

/* `"key" :` */
static int scan_key(struct scan *scan, struct err *err)
{
	skip_space(scan);
	if (*scan->at != '"')
		return scan_fail(scan, "expected a key", err);
	if (scan_string(scan, true, err) < 0)
		return -1;
	skip_space(scan);
	if (*scan->at != ':')
		return scan_fail(scan, "expected ':'", err);
	scan->at++;
	scan->shape->members[scan->open[scan->depth - 1]]++;
	return 0;
}

/* After a value: close what closes here, then step over a comma.
 * @return 1 when another value follows, 0 at the end of the document, -1 */
static int scan_after_value(struct scan *scan, struct err *err)
{
	while (scan->depth > 0) {
		bool is_array = scan->open[scan->depth - 1] == IS_ARRAY;
		skip_space(scan);
		if (*scan->at == ',') {
			scan->at++;
			return is_array || scan_key(scan, err) == 0 ? 1 : -1;
		}
		if (*scan->at != (is_array ? ']' : '}'))
			return scan_fail(scan,
					 is_array ? "expected ',' or ']'" : "expected ',' or '}'",
					 err);
		scan->at++;
		scan->depth--;
	}
	return 0;
}

/* A scalar, an empty container, or the beginning of one.
 * @return 1 when its first item follows, 0 when the value is complete, -1 */
static int scan_value(struct scan *scan, struct err *err)
{
	skip_space(scan);
	if (++scan->values > JSON_VALUES_MAX)
		return scan_fail(scan, "too many values", err);
	unsigned char c = *scan->at;
	if (c == '"')
		return scan_string(scan, false, err);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(scan, err);
	if (c != '{' && c != '[')
		return scan_literal(scan, err);
	if (open_container(scan, err) < 0)
		return -1;
	skip_space(scan);
	if (*scan->at == (c == '{' ? '}' : ']'))
		return 0; /* scan_after_value closes it */
	return c == '[' || scan_key(scan, err) == 0 ? 1 : -1;
}

int json_scan(const char *text, size_t len, const struct json_source *source,
	      struct json_shape *out, struct err *err)
{
	AUTO(struct json_shape, json_shape_done) shape = { 0 };
	unsigned depth_max = source->max_depth;
	struct scan scan = {
		.text = (const unsigned char *)text,
		.at = (const unsigned char *)text,
		.end = (const unsigned char *)text + len,
		.source = source,
		.shape = &shape,
		.depth_max = depth_max > 0 && depth_max < JSON_DEPTH_MAX ? depth_max
									 : JSON_DEPTH_MAX,
	};
	for (int more = 1; more > 0;) {
		more = scan_value(&scan, err);
		if (more == 0)
			more = scan_after_value(&scan, err);
		if (more < 0)
			return -1;
	}
	skip_space(&scan);
	if (scan.at != scan.end)
		return scan_fail(&scan, "bytes after the document", err);
	*out = shape;
	shape = (struct json_shape){ 0 };
	return 0;
}
