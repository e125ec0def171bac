/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the walk over the tree and the functions it calls. Only template_*.c include this. */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

struct json_object;

/**
 * Call a function of the template language.
 *
 * @args  borrowed values; NULL is nil
 * @out   owned value
 * @return 0, or -1 ERR_INVALID (unknown function, wrong arguments)
 */
int template_call(const char *name, struct json_object *const *args, size_t args_len,
		  struct json_object **out, struct err *err);

/** Go's notion of an empty value: nil, false, 0, "", [] and {}. */
bool template_is_true(struct json_object *value);

/** The names of an object's members, sorted, as Go walks a map. Appends to `out`. */
void template_keys(struct json_object *map, struct strv *out);

/** Append a value as Go's print shows it. */
void template_add_value(struct buf *out, struct json_object *value);
