/* SPDX-License-Identifier: Apache-2.0 */
/* Comma-separated fields with quotes, for option values such as type=bind,"source=/a,b". */
#include "format/key_value.h"

#include "base/buf.h"

#include <string.h>

/* A quoted field; *text is behind the opening quote. @return false without a closing one */
static bool read_quoted(const char **text, struct buf *field)
{
	for (const char *s = *text; *s != '\0'; s++) {
		if (*s != '"') {
			buf_add_char(field, *s);
		} else if (s[1] == '"') {
			buf_add_char(field, *s++);
		} else {
			*text = s + 1;
			return true;
		}
	}
	return false;
}

int csv_split(const char *text, struct strv *out, struct err *err)
{
	for (const char *s = text;; s++) {
		AUTO(struct buf, buf_done) field = { 0 };
		if (*s == '"') {
			s++;
			if (!read_quoted(&s, &field) || (*s != ',' && *s != '\0'))
				return err_set(err, ERR_INVALID, "stray \" in '%.128s'", text);
		} else {
			size_t len = strcspn(s, ",");
			if (memchr(s, '"', len) != NULL)
				return err_set(err, ERR_INVALID, "stray \" in '%.128s'", text);
			buf_add(&field, s, len);
			s += len;
		}
		strv_add_take(out, buf_take(&field));
		if (*s == '\0')
			return 0;
	}
}

const char *key_value_find(const char *text)
{
	const char *equals = strchr(text, '=');
	return equals != NULL ? equals + 1 : NULL;
}
