/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whole numbers, strictly: nothing before, nothing after, no overflow. */
#include "base/err.h"

#include <stdint.h>

/**
 * Parse a decimal number with an optional sign.
 * @return 0, or -1 ERR_INVALID ("\"x\" is not a whole number", "... is out of range")
 */
int number_parse_signed(const char *text, int64_t min, int64_t max, int64_t *out, struct err *err);

/** The same without a sign. */
int number_parse(const char *text, uint64_t max, uint64_t *out, struct err *err);

/**
 * Parse a decimal fraction such as "1.5" or ".25" into billionths, rounding down beyond nine
 * digits. No sign, no exponent.
 */
int number_parse_billionths(const char *text, uint64_t max_whole, uint64_t *out, struct err *err);
