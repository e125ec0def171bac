/* SPDX-License-Identifier: Apache-2.0 */
#include "format/duration.h"

#include "base/attr.h"

#include <string.h>

#define WHOLE_DIGITS_MAX 18 /* fits 64 bits whatever they are */

static const struct {
	const char *unit; /* longer ones first where one begins like another */
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\u00b5s", 1000 }, /* micro sign */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60000000000) },
	{ "h", UINT64_C(3600000000000) },
};

static uint64_t find_unit(const char **text)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i].unit);
		if (strncmp(*text, units[i].unit, len) != 0)
			continue;
		*text += len;
		return units[i].ns;
	}
	return 0;
}

/* One number with its unit. @return whether it was one */
static bool take_part(const char **text, uint64_t *out_ns)
{
	uint64_t whole = 0, fraction = 0, scale = 1;
	size_t len = strspn(*text, "0123456789");
	if (len > WHOLE_DIGITS_MAX || (len == 0 && **text != '.'))
		return false;
	for (; len > 0; len--, (*text)++)
		whole = whole * 10 + (uint64_t)(**text - '0');
	if (**text == '.')
		for ((*text)++; **text >= '0' && **text <= '9'; (*text)++)
			if (scale < 1000000) {
				fraction = fraction * 10 + (uint64_t)(**text - '0');
				scale *= 10;
			}
	uint64_t unit_ns = find_unit(text), ns;
	if (unit_ns == 0 || __builtin_mul_overflow(whole, unit_ns, &ns) ||
	    __builtin_add_overflow(ns, fraction * unit_ns / scale, &ns) ||
	    __builtin_add_overflow(*out_ns, ns, &ns) || ns > INT64_MAX)
		return false;
	*out_ns = ns;
	return true;
}

int duration_parse(const char *text, uint64_t *out_ns, struct err *err)
{
	const char *next = text;
	uint64_t ns = 0;
	if (strcmp(text, "0") != 0) {
		if (*next == '\0')
			return err_set(err, ERR_INVALID, "invalid duration \"\"");
		while (*next != '\0')
			if (!take_part(&next, &ns))
				return err_set(err, ERR_INVALID, "invalid duration \"%.64s\"",
					       text);
	}
	*out_ns = ns;
	return 0;
}
