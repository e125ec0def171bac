/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Base64 with its standard alphabet and padding. Source: RFC 4648, section 4 */
#include "base/err.h"

#include <stddef.h>

/** @return owned text */
char *base64_encode(const void *data, size_t len);

/**
 * Decode text that holds text: a NUL inside is refused, those at the end are cut off.
 * @return owned, or NULL with ERR_INVALID, which never quotes the input
 */
char *base64_decode_text(const char *base64, struct err *err);
