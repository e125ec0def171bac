/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict numbers. strtol and friends skip blanks, take signs and stop at garbage; what a user wrote
 * must be a number from end to end.
 */
#include "format/number.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *text up to the first other byte. @return false on overflow or without any digit */
static bool read_digits(const char **text, uint64_t *out)
{
	if (!is_digit(**text))
		return false;
	uint64_t value = 0;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value))
			return false;
	*out = value;
	return true;
}

static int not_a_number(const char *text, struct err *err)
{
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	bool is_number = digits[0] != '\0' && digits[strspn(digits, "0123456789")] == '\0';
	return err_set(err, ERR_INVALID, "\"%.64s\" is %s", text,
		       is_number ? "out of range" : "not a whole number");
}

int number_parse(const char *text, uint64_t max, uint64_t *out, struct err *err)
{
	const char *s = text;
	uint64_t value;
	if (!read_digits(&s, &value) || *s != '\0' || value > max)
		return not_a_number(text, err);
	*out = value;
	return 0;
}

int number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *out, struct err *err)
{
	bool is_negative = text[0] == '-';
	const char *s = text + (text[0] == '-' || text[0] == '+');
	uint64_t size;
	if (!read_digits(&s, &size) || *s != '\0')
		return not_a_number(text, err);
	uint64_t size_max = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	if (size > size_max)
		return not_a_number(text, err);
	int64_t value = is_negative ? (int64_t)(0 - size) : (int64_t)size;
	if (value < min || value > max)
		return not_a_number(text, err);
	*out = value;
	return 0;
}

int number_parse_billionths(const char *text, uint64_t max_whole, uint64_t *out, struct err *err)
{
	const char *s = text;
	uint64_t whole = 0, part = 0;
	bool has_whole = is_digit(*s);
	if (has_whole && (!read_digits(&s, &whole) || whole > max_whole))
		return err_set(err, ERR_INVALID, "\"%.64s\" is out of range", text);
	size_t digits = 0;
	if (*s == '.') {
		for (s++; is_digit(*s); s++, digits++)
			if (digits < 9)
				part = part * 10 + (uint64_t)(*s - '0');
	}
	if (*s != '\0' || (!has_whole && digits == 0))
		return err_set(err, ERR_INVALID, "\"%.64s\" is not a decimal number", text);
	for (; digits < 9; digits++)
		part *= 10;
	uint64_t value;
	if (__builtin_mul_overflow(whole, 1000000000u, &value) ||
	    __builtin_add_overflow(value, part, &value))
		return err_set(err, ERR_INVALID, "\"%.64s\" is out of range", text);
	*out = value;
	return 0;
}
