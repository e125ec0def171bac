/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's env files. The reader of the file and the environment stay outside: bytes in, list out.
 */
#include "format/env_file.h"

#include "base/buf.h"
#include "base/mem.h"

#include <string.h>

static const char blanks[] = " \t\v\f\r";

static int parse_line(char *line, env_lookup *lookup, struct strv *out, struct err *err)
{
	line += strspn(line, blanks);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	size_t key_len = strcspn(line, "=");
	bool has_value = line[key_len] == '=';
	if (!has_value) /* blanks behind a lone key are harmless */
		while (key_len > 0 && strchr(blanks, line[key_len - 1]) != NULL)
			line[--key_len] = '\0';
	if (key_len == 0)
		return err_set(err, ERR_INVALID, "no variable name on line '%.128s'", line);
	if (strcspn(line, blanks) < key_len)
		return err_set(err, ERR_INVALID, "variable '%.*s' contains whitespaces",
			       (int)(key_len < 128 ? key_len : 128), line);
	if (has_value) {
		strv_add(out, line);
		return 0;
	}
	const char *value = lookup != NULL ? lookup(line) : "";
	if (value != NULL)
		strv_add_take(out, mem_printf("%s=%s", line, value));
	return 0;
}

int env_file_parse(const char *text, size_t len, const char *what, env_lookup *lookup,
		   struct strv *out, struct err *err)
{
	if (len > ENV_FILE_MAX)
		return err_set(err, ERR_INVALID, "%s: more than %u bytes", what, ENV_FILE_MAX);
	if (memchr(text, '\0', len) != NULL)
		return err_set(err, ERR_INVALID, "%s: not a text file: it holds a NUL byte", what);
	AUTO(struct strv, strv_done) entries = { 0 };
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	for (unsigned number = 1; at < len; number++) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t line_len = newline != NULL ? (size_t)(newline - text) - at : len - at;
		AUTO_FREE char *line = mem_strndup(text + at, line_len);
		if (line_len > 0 && line[line_len - 1] == '\r')
			line[line_len - 1] = '\0';
		if (parse_line(line, lookup, &entries, err) < 0)
			return err_context(err, "%s: line %u", what, number);
		at += line_len + 1;
	}
	strv_add_all(out, &entries);
	return 0;
}
