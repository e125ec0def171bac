/* SPDX-License-Identifier: Apache-2.0 */
#include "format/script.h"

#include "base/attr.h"
#include "base/mem.h"

#include <string.h>

void script_done(struct script *script)
{
	free(script->interpreter);
	free(script->argument);
	memset(script, 0, sizeof(*script));
}

bool script_parse(const void *data, size_t len, struct script *out)
{
	const char *text = data;
	if (len < 2 || memcmp(text, "#!", 2) != 0)
		return false;
	AUTO_FREE char *line = mem_strndup(text + 2,
					   (len < SCRIPT_LINE_MAX ? len : SCRIPT_LINE_MAX) - 2);
	line[strcspn(line, "\n")] = '\0';
	for (size_t n = strlen(line); n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'); n--)
		line[n - 1] = '\0';
	char *name = line + strspn(line, " \t");
	if (*name == '\0')
		return false;
	char *rest = name + strcspn(name, " \t");
	if (*rest != '\0') {
		*rest++ = '\0';
		rest += strspn(rest, " \t");
	}
	*out = (struct script){ .interpreter = mem_strdup(name),
				.argument = *rest != '\0' ? mem_strdup(rest) : NULL };
	return true;
}

char *script_env_command(const struct script *script)
{
	const char *slash = strrchr(script->interpreter, '/');
	const char *base = slash != NULL ? slash + 1 : script->interpreter;
	if (strcmp(base, "env") != 0 || script->argument == NULL)
		return NULL;
	/* Options, then assignments, then the command. "-S" glued to its word is as good as apart.
	 */
	for (const char *at = script->argument; *at != '\0';) {
		size_t n = strcspn(at, " \t");
		if (n > 2 && strncmp(at, "-S", 2) == 0) {
			at += 2;
			continue;
		}
		if (at[0] != '-' && memchr(at, '=', n) == NULL)
			return mem_strndup(at, n);
		at += n;
		at += strspn(at, " \t");
	}
	return NULL;
}
