/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON out, straight into a buffer, without a tree:
 *
 *	buf_add_char(&out, '{');
 *	json_add_str(&out, "os", config->os);
 *	json_add_strv(&out, "Env", &config->env);
 *	buf_add_char(&out, '}');
 *
 * Commas come by themselves. What is absent (NULL, empty list, false) is left out.
 */
#include "base/buf.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

/** `"key":`, with a comma before it unless it is the first; the value is the caller's. */
void json_add_key(struct buf *out, const char *key);

/** One member each. Left out, as Docker does: a NULL or empty string, and false. */
void json_add_str(struct buf *out, const char *key, const char *value);
void json_add_uint(struct buf *out, const char *key, uint64_t value); /* always written */
void json_add_int(struct buf *out, const char *key, int64_t value);   /* always written */
void json_add_true(struct buf *out, const char *key, bool value);

/** List of strings. */
void json_add_strv(struct buf *out, const char *key, const struct strv *list);

/** "k=v" entries as {"k":"v"}. Keys must be different. */
void json_add_map(struct buf *out, const char *key, const struct strv *list);

/** Entries as {"entry":{}}. Entries must be different. */
void json_add_keys(struct buf *out, const char *key, const struct strv *list);
