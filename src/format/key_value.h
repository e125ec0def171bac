/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Assignments and comma-separated fields. */
#include "base/err.h"
#include "base/strv.h"

/**
 * Split one line of comma-separated fields, where a field that holds a comma or a quote is written
 * in double quotes with inner quotes doubled, as RFC 4180 has it. Appends to `out`.
 * @return 0, or -1 ERR_INVALID
 */
int csv_split(const char *text, struct strv *out, struct err *err);

/** @return the value after the first '=' of "key=value", borrowed, or NULL when there is none */
const char *key_value_find(const char *text);
