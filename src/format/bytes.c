/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes. Fractions are computed in integers: "1.1g" is the same number on every machine. */
#include "format/bytes.h"

#include "base/attr.h"
#include "format/number.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char units[] = "bkmgtp";

/* Power of 1024 that a unit stands for, or -1. */
static int unit_power(const char *unit)
{
	if (unit[0] == '\0')
		return 0;
	for (int power = 0; units[power] != '\0'; power++) {
		if ((unit[0] | 0x20) != units[power])
			continue;
		const char *rest = unit + 1;
		bool is_whole = rest[0] == '\0';
		bool is_long = power > 0 &&
			       (strcasecmp(rest, "b") == 0 || strcasecmp(rest, "ib") == 0);
		return is_whole || is_long ? power : -1;
	}
	return -1;
}

int bytes_parse(const char *text, uint64_t *out, struct err *err)
{
	char digits[40];
	size_t len = strspn(text, "0123456789.");
	const char *unit = text + len;
	unit += unit[0] == ' ' && unit[1] != '\0';
	int power = unit_power(unit);
	uint64_t billionths;
	if (len == 0 || len >= sizeof(digits) || power < 0 || strchr("0123456789", text[0]) == NULL)
		return err_set(err, ERR_INVALID, "invalid size: '%.64s'", text);
	memcpy(digits, text, len);
	digits[len] = '\0';

	uint64_t bytes;
	if (strchr(digits, '.') == NULL) {
		if (number_parse(digits, UINT64_MAX, &bytes, NULL) < 0 ||
		    __builtin_mul_overflow(bytes, UINT64_C(1) << (10 * power), &bytes))
			return err_set(err, ERR_INVALID, "invalid size: '%.64s'", text);
		*out = bytes;
		return 0;
	}
	if (number_parse_billionths(digits, UINT32_MAX, &billionths, NULL) < 0)
		return err_set(err, ERR_INVALID, "invalid size: '%.64s'", text);
	__extension__ unsigned __int128 product = billionths;
	product = (product << (10 * power)) / 1000000000u;
	if (product > UINT64_MAX)
		return err_set(err, ERR_INVALID, "invalid size: '%.64s'", text);
	*out = (uint64_t)product;
	return 0;
}

struct scale {
	double base, next; /* from `next` on the next unit is used: 999999 is 1MB, not 1e+03kB */
	int digits;        /* significant; zeros at the end of a fraction are dropped, as %g does */
	const char *names[7];
};

static void format_scaled(uint64_t bytes, const struct scale *scale, char out[BYTES_TEXT_SIZE])
{
	double value = (double)bytes;
	size_t i = 0;
	for (; value >= scale->next && i + 1 < ARRAY_LEN(scale->names); i++)
		value /= scale->base;
	snprintf(out, BYTES_TEXT_SIZE, "%.*g%s", scale->digits, value, scale->names[i]);
}

void bytes_format_decimal(uint64_t bytes, char out[BYTES_TEXT_SIZE])
{
	static const struct scale decimal = {
		1000, 999.5, 3, { "B", "kB", "MB", "GB", "TB", "PB", "EB" }
	};
	format_scaled(bytes, &decimal, out);
}

void bytes_format_binary(uint64_t bytes, char out[BYTES_TEXT_SIZE])
{
	static const struct scale binary = {
		1024, 1023.5, 4, { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }
	};
	format_scaled(bytes, &binary, out);
}
