/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options for people: what --help and the manual pages of every program say of a table. It knows no
 * verb: a program that has a few tables is not to be linked with all verbs of another.
 */
#include "cli/help.h"
#include <string.h>

#define HELP_COLUMN_MAX 36

void help_add_wrapped(struct buf *out, const char *text, unsigned column, unsigned indent,
		      unsigned width)
{
	unsigned at = column;
	bool is_first = true;
	while (*text != '\0') {
		size_t len = strcspn(text, " ");
		if (!is_first && at + 1 + len > width) {
			buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
			is_first = true;
		}
		if (!is_first) {
			buf_add_char(out, ' ');
			at++;
		}
		buf_add(out, text, len);
		at += (unsigned)len;
		is_first = false;
		text += len;
		text += strspn(text, " ");
	}
	buf_add_char(out, '\n');
}

/* "  -e, --env list" */
static void add_option_names(struct buf *out, const struct option_row *row)
{
	if (row->letter != 0)
		buf_addf(out, "  -%c, --%s", row->letter, row->name);
	else
		buf_addf(out, "      --%s", row->name);
	if (row->implied != NULL)
		buf_addf(out, "[=%s]", row->argument);
	else if (row->argument != NULL)
		buf_addf(out, " %s", row->argument);
}

static bool is_shown(const struct option_row *row)
{
	return !row->is_hidden && row->type != OPTION_REFUSED;
}

static unsigned names_column(const struct option_tables *options)
{
	size_t column = 0;
	OPTION_EACH(row, options)
	{
		AUTO(struct buf, buf_done) names = { 0 };
		if (!is_shown(row))
			continue;
		add_option_names(&names, row);
		if (names.len + 3 > column && names.len + 3 <= HELP_COLUMN_MAX)
			column = names.len + 3;
	}
	return (unsigned)column;
}

static void add_option(struct buf *out, const struct option_row *row, unsigned column,
		       unsigned width)
{
	AUTO(struct buf, buf_done) names = { 0 };
	add_option_names(&names, row);
	buf_add(out, names.data, names.len);
	if (names.len + 2 > column)
		buf_addf(out, "\n%*s", (int)column, "");
	else
		buf_addf(out, "%*s", (int)(column - names.len), "");
	help_add_wrapped(out, row->help, column, column, width);
}

static bool same_group(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The groups in the order of their first row, each with all its rows. */
void help_add_options(struct buf *out, const struct option_tables *options, const char *heading,
		      unsigned width)
{
	unsigned column = names_column(options);
	const char *groups[16];
	size_t groups_len = 0;
	OPTION_EACH(row, options)
	{
		size_t i = 0;
		while (i < groups_len && !same_group(groups[i], row->group))
			i++;
		if (i == groups_len && is_shown(row) && groups_len < ARRAY_LEN(groups))
			groups[groups_len++] = row->group;
	}
	for (size_t i = 0; i < groups_len; i++) {
		buf_addf(out, "\n%s:\n", groups[i] != NULL ? groups[i] : heading);
		OPTION_EACH(row, options)
		{
			if (is_shown(row) && same_group(groups[i], row->group))
				add_option(out, row, column, width);
		}
	}
}
