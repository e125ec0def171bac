/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of manual pages in man(7) roff; as help_options.c, without knowing any verb. */
#include "cli/help.h"
#include "cli/output.h"
#include "cli/verb.h"
#include <string.h>

void man_add_text(struct buf *out, const char *text)
{
	bool is_start = true;
	for (const char *s = text; *s != '\0'; s++) {
		if (is_start && (*s == '.' || *s == '\''))
			buf_add_str(out, "\\&");
		if (*s == '\\')
			buf_add_str(out, "\\e");
		else if (*s == '-')
			buf_add_str(out, "\\-");
		else
			buf_add_char(out, *s);
		is_start = *s == '\n';
	}
}

void man_add_title(struct buf *out, const char *name, const char *summary)
{
	AUTO(struct buf, buf_done) upper = { 0 };
	for (const char *s = name; *s != '\0'; s++)
		buf_add_char(&upper, *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s);
	buf_addf(out, ".TH %s 1 \"\" \"Onggi " ONGGI_VERSION "\" \"Onggi Manual\"\n.SH NAME\n",
		 buf_str(&upper));
	man_add_text(out, name);
	buf_add_str(out, " \\- ");
	man_add_text(out, summary);
	buf_add_char(out, '\n');
}

static void add_option(struct buf *out, const struct option_row *row)
{
	AUTO(struct buf, buf_done) names = { 0 };
	buf_add_str(out, ".TP\n");
	option_add_name(&names, row);
	buf_add_str(out, "\\fB");
	man_add_text(out, buf_str(&names));
	buf_add_str(out, "\\fR");
	if (row->argument != NULL) {
		buf_addf(out, "%s\\fI", row->implied != NULL ? "[=" : " ");
		man_add_text(out, row->argument);
		buf_addf(out, "\\fR%s", row->implied != NULL ? "]" : "");
	}
	buf_add_char(out, '\n');
	man_add_text(out, row->help);
	buf_add_str(out, ".\n");
	if (row->words != NULL) {
		buf_add_str(out, "Values: ");
		man_add_text(out, row->words);
		buf_add_str(out, ".\n");
	}
}

void man_add_options(struct buf *out, const struct option_tables *options)
{
	const char *group = "";
	OPTION_EACH(row, options)
	{
		if (row->is_hidden || row->type == OPTION_REFUSED)
			continue;
		const char *heading = row->group != NULL ? row->group : "Options";
		if (strcmp(group, "") == 0)
			buf_add_str(out, ".SH OPTIONS\n");
		if (strcmp(heading, group) != 0 && strcmp(heading, "Options") != 0)
			buf_addf(out, ".SS %s\n", heading);
		group = heading;
		add_option(out, row);
	}
}

/* Paragraphs are separated by an empty line. */
void man_add_paragraphs(struct buf *out, const char *text)
{
	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text);
		AUTO(struct buf, buf_done) paragraph = { 0 };
		buf_add(&paragraph, text, len);
		buf_add_str(out, ".PP\n");
		man_add_text(out, buf_str(&paragraph));
		buf_add_char(out, '\n');
		text += len + (end != NULL ? 2 : 0);
	}
}
