/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The structural pass before json-c: part of base/json.c, apart because it is the part to fuzz. */
#include "base/err.h"
#include "base/json.h"

#include <stdint.h>

/** How many members each object of a document has, in the order in which objects begin. */
struct json_shape {
	uint32_t *members;
	size_t objects;
	size_t capacity;
};
void json_shape_done(struct json_shape *shape);

/**
 * Check a whole document against the grammar and the limits, without recursion.
 * `text` must have a NUL at text[len].
 */
int json_scan(const char *text, size_t len, const struct json_source *source,
	      struct json_shape *out, struct err *err);
