/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sizes as people write them. Units are powers of 1024, as Docker's options have them. */
#include "base/err.h"

#include <stdint.h>

/**
 * Parse "512m", "1.5g", "64MiB", "4096", "4096b": a decimal number, optionally a fraction, then
 * nothing, b, or k, m, g, t, p with an optional b or ib, in either case.
 * @return 0, or -1 ERR_INVALID "invalid size: 'x'"
 */
int bytes_parse(const char *text, uint64_t *out, struct err *err);

#define BYTES_TEXT_SIZE 24

/** "1.21GB": powers of 1000, three significant digits, as Docker lists images. */
void bytes_format_decimal(uint64_t bytes, char out[BYTES_TEXT_SIZE]);

/** "64MiB", "1.5GiB": powers of 1024, four significant digits, for limits. */
void bytes_format_binary(uint64_t bytes, char out[BYTES_TEXT_SIZE]);
