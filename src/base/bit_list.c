/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of numbers. Strict: what cpuset files forgive (blanks, empty items) is an error here. */
#include "base/bit_list.h"

#include "base/attr.h"

#include <stdbool.h>
#include <string.h>

/* @return whether there was a number */
static bool take_number(const char **text, unsigned *out)
{
	const char *p = *text;
	unsigned value = 0;
	while (*p >= '0' && *p <= '9' && value < BIT_LIST_BITS)
		value = value * 10 + (unsigned)(*p++ - '0');
	if (p == *text || value >= BIT_LIST_BITS)
		return false;
	*text = p;
	*out = value;
	return true;
}

static bool take_range(const char **text, unsigned *out_first, unsigned *out_last)
{
	if (!take_number(text, out_first))
		return false;
	*out_last = *out_first;
	if (**text != '-')
		return true;
	(*text)++;
	return take_number(text, out_last) && *out_last >= *out_first;
}

int bit_list_parse(const char *text, uint64_t out_mask[BIT_LIST_WORDS], struct err *err)
{
	uint64_t mask[BIT_LIST_WORDS] = { 0 };
	int count = 0;
	for (const char *p = text;; p++) {
		unsigned first, last;
		if (!take_range(&p, &first, &last) || (*p != ',' && *p != '\0'))
			return err_set(err, ERR_INVALID, "\"%.64s\" is not a list like \"0-3,7\"",
				       text);
		for (unsigned bit = first; bit <= last; bit++) {
			count += (mask[bit / 64] >> bit % 64 & 1) == 0;
			mask[bit / 64] |= UINT64_C(1) << bit % 64;
		}
		if (*p == '\0')
			break;
	}
	memcpy(out_mask, mask, sizeof(mask));
	return count;
}
