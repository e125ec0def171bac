/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/**
 * Length of the UTF-8 sequence at `s` (1 to 4), or 0 if it is none: shortest forms only, no
 * surrogates. Never reads past a NUL byte or an invalid one; `s` must end in a NUL.
 * Source: RFC 3629
 */
size_t utf8_len(const unsigned char *s);
