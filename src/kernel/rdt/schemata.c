/* SPDX-License-Identifier: Apache-2.0 */
/* Text of schemata files: "L3:0=7f0;1=1f", one resource a line. Knows no file. */
#include "kernel/rdt/schemata.h"

#include "base/mem.h"

#include <string.h>

static bool is_memory_line(const char *line)
{
	return strncmp(line, "MB:", 3) == 0;
}

static void add_lines(struct buf *out, const char *text, bool without_memory)
{
	AUTO(struct strv, strv_done) lines = { 0 };
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		const char *line = lines.items[i] + strspn(lines.items[i], " \t");
		if (line[0] != '\0' && !(without_memory && is_memory_line(line)))
			buf_addf(out, "%s\n", line);
	}
}

static bool has_text(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void add_own_fields(struct buf *out, const struct rdt *rdt)
{
	if (has_text(rdt->l3_schema))
		add_lines(out, rdt->l3_schema, has_text(rdt->memory_schema));
	if (has_text(rdt->memory_schema))
		add_lines(out, rdt->memory_schema, false);
}

void schemata_format(const struct rdt *rdt, struct buf *out)
{
	add_own_fields(out, rdt);
	for (size_t i = 0; i < rdt->schemata.len; i++)
		add_lines(out, rdt->schemata.items[i], false);
}

/* "L3: 0 = 07f0" is "L3:0=7f0": without blanks, and each value without leading zeros. */
static char *normalize(const char *line)
{
	struct buf out = { 0 };
	bool is_value_start = false;
	for (; *line != '\0'; line++) {
		if (*line == ' ' || *line == '\t')
			continue;
		bool is_needless = is_value_start && *line == '0' && line[1] != '\0' &&
				   strchr(" \t;", line[1]) == NULL;
		if (is_needless)
			continue;
		buf_add_char(&out, *line);
		is_value_start = *line == '=';
	}
	return buf_take(&out);
}

/* Is `domain` ("0=7f0") one of those of `line` ("L3:0=7f0;1=1f")? */
static bool line_has_domain(const char *line, const char *domain)
{
	AUTO(struct strv, strv_done) domains = { 0 };
	const char *colon = strchr(line, ':');
	strv_split(&domains, colon != NULL ? colon + 1 : "", ';');
	return strv_find(&domains, domain) >= 0;
}

/* Of the same resource: equal up to the colon. */
static bool has_same_name(const char *a, const char *b)
{
	while (*a == *b && *a != ':' && *a != '\0') {
		a++;
		b++;
	}
	return *a == *b;
}

static bool has_line(const struct strv *present, const char *line)
{
	const char *colon = strchr(line, ':');
	size_t name_len = colon != NULL ? (size_t)(colon - line) + 1 : strlen(line);
	for (size_t i = 0; i < present->len; i++) {
		if (!has_same_name(present->items[i], line))
			continue;
		AUTO(struct strv, strv_done) wanted = { 0 };
		strv_split(&wanted, line + name_len, ';');
		for (size_t d = 0; d < wanted.len; d++)
			if (!line_has_domain(present->items[i], wanted.items[d]))
				return false;
		return true;
	}
	return false;
}

static void split_lines(const char *text, struct strv *out)
{
	AUTO(struct strv, strv_done) lines = { 0 };
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++)
		if (lines.items[i][strspn(lines.items[i], " \t")] != '\0')
			strv_add_take(out, normalize(lines.items[i]));
}

bool schemata_match(const struct rdt *rdt, const char *present)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct strv, strv_done) wanted = { 0 };
	AUTO(struct strv, strv_done) there = { 0 };
	add_own_fields(&text, rdt);
	split_lines(buf_str(&text), &wanted);
	split_lines(present, &there);
	for (size_t i = 0; i < wanted.len; i++)
		if (!has_line(&there, wanted.items[i]))
			return false;
	return true;
}
