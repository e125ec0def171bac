/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text into a buffer; the fixed order of the calls is the canonical order of the keys. */
#include "base/json_write.h"

#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

void json_add_key(struct buf *out, const char *key)
{
	if (out->len > 0 && strchr("{[", out->data[out->len - 1]) == NULL)
		buf_add_char(out, ',');
	buf_add_json_str(out, key);
	buf_add_char(out, ':');
}

void json_add_str(struct buf *out, const char *key, const char *value)
{
	if (value == NULL)
		return;
	json_add_key(out, key);
	buf_add_json_str(out, value);
}

void json_add_uint(struct buf *out, const char *key, uint64_t value)
{
	json_add_key(out, key);
	buf_addf(out, "%" PRIu64, value);
}

void json_add_int(struct buf *out, const char *key, int64_t value)
{
	json_add_key(out, key);
	buf_addf(out, "%" PRId64, value);
}

void json_add_true(struct buf *out, const char *key, bool value)
{
	if (!value)
		return;
	json_add_key(out, key);
	buf_add_str(out, "true");
}

void json_add_strv(struct buf *out, const char *key, const struct strv *list)
{
	if (list->len == 0)
		return;
	json_add_key(out, key);
	buf_add_char(out, '[');
	for (size_t i = 0; i < list->len; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_json_str(out, list->items[i]);
	}
	buf_add_char(out, ']');
}

void json_add_map(struct buf *out, const char *key, const struct strv *list)
{
	if (list->len == 0)
		return;
	json_add_key(out, key);
	buf_add_char(out, '{');
	for (size_t i = 0; i < list->len; i++) {
		const char *entry = list->items[i];
		const char *equals = strchrnul(entry, '=');
		AUTO_FREE char *name = mem_strndup(entry, (size_t)(equals - entry));
		json_add_key(out, name);
		buf_add_json_str(out, *equals == '=' ? equals + 1 : "");
	}
	buf_add_char(out, '}');
}

void json_add_keys(struct buf *out, const char *key, const struct strv *list)
{
	if (list->len == 0)
		return;
	json_add_key(out, key);
	buf_add_char(out, '{');
	for (size_t i = 0; i < list->len; i++) {
		json_add_key(out, list->items[i]);
		buf_add_str(out, "{}");
	}
	buf_add_char(out, '}');
}
