/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON for people and for pipes, in the shape Docker's clients print it. */
#include "base/buf.h"

struct json_object;

enum json_style {
	JSON_TEXT_COMPACT,  /* one line, no spaces */
	JSON_TEXT_INDENTED, /* four spaces a level, one member a line; no newline at the end */
};

/** Append a value (NULL is null). Members keep their order; control characters are escaped. */
void json_text_add(struct buf *out, struct json_object *value, enum json_style style);
