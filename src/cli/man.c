/* SPDX-License-Identifier: Apache-2.0 */
/* onggi man: the manual pages, made from the tables. For the build; people use man(1). */
#include "cli/help.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <string.h>

/* Plain text into roff: backslashes, minus signs, and dots or quotes at the start of a line. */
static void add_roff(struct buf *out, const char *text)
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
	add_roff(out, name);
	buf_add_str(out, " \\- ");
	add_roff(out, summary);
	buf_add_char(out, '\n');
}

static void add_option(struct buf *out, const struct option_row *row)
{
	AUTO(struct buf, buf_done) names = { 0 };
	buf_add_str(out, ".TP\n");
	option_add_name(&names, row);
	buf_add_str(out, "\\fB");
	add_roff(out, buf_str(&names));
	buf_add_str(out, "\\fR");
	if (row->argument != NULL) {
		buf_addf(out, "%s\\fI", row->implied != NULL ? "[=" : " ");
		add_roff(out, row->argument);
		buf_addf(out, "\\fR%s", row->implied != NULL ? "]" : "");
	}
	buf_add_char(out, '\n');
	add_roff(out, row->help);
	buf_add_str(out, ".\n");
	if (row->words != NULL) {
		buf_add_str(out, "Values: ");
		add_roff(out, row->words);
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
		add_roff(out, buf_str(&paragraph));
		buf_add_char(out, '\n');
		text += len + (end != NULL ? 2 : 0);
	}
}

void man_add_verb(struct buf *out, const struct verb *verb)
{
	AUTO(struct buf, buf_done) name = { 0 };
	AUTO(struct buf, buf_done) usage = { 0 };
	buf_addf(&name, "onggi-%s", verb->name);
	man_add_title(out, buf_str(&name), verb->summary);
	buf_add_str(out, ".SH SYNOPSIS\n");
	verb_add_usage(&usage, verb);
	add_roff(out, buf_str(&usage));
	buf_add_str(out, "\n.SH DESCRIPTION\n");
	add_roff(out, verb->summary);
	buf_add_str(out, ".\n");
	if (verb->details != NULL)
		man_add_paragraphs(out, verb->details);
	man_add_options(out, &verb->options);
	if (verb->examples != NULL) {
		buf_add_str(out, ".SH EXAMPLES\n.nf\n");
		add_roff(out, verb->examples);
		buf_add_str(out, "\n.fi\n");
	}
	buf_add_str(out, ".SH EXIT STATUS\n");
	add_roff(out, verb->exit_status != NULL
			      ? verb->exit_status
			      : "0, 1 when something failed, or 125 when an option is wrong.");
	buf_add_str(out, "\n.SH SEE ALSO\n.BR onggi (1)\n");
}

void man_add_program(struct buf *out)
{
	man_add_title(out, "onggi", "containers from the Linux kernel's own parts");
	buf_add_str(out, ".SH SYNOPSIS\nonggi [OPTIONS] VERB [ARG...]\n.SH DESCRIPTION\n"
			 "Onggi runs containers without a daemon. Its verbs and their options mean "
			 "what they mean to Docker.\n");
	man_add_options(out, &cli_global_options);
	buf_add_str(out, ".SH VERBS\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		buf_addf(out, ".TP\n.BR onggi\\-%s (1)\n", (*verb)->name);
		add_roff(out, (*verb)->summary);
		buf_add_char(out, '\n');
	}
	buf_add_str(out, ".SH EXIT STATUS\n0, 1 when a verb failed, or 125 when an option is "
			 "wrong. onggi\\-run(1) has more.\n"
			 ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nWhen it is set and not empty, nothing "
			 "is coloured.\n"
			 ".TP\n.B COLUMNS\nWidth of help texts when they do not go to a terminal.\n"
			 ".SH FILES\n.TP\n.I " STORE_ROOT_DEFAULT "\nImages and containers.\n"
			 ".TP\n.I " STORE_RUN_ROOT_DEFAULT "\nThe state of running containers.\n");
}

static int man_verb(struct cli *cli, void *input, const struct strv *operands, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	(void)cli;
	(void)input;
	if (operands->len == 0) {
		man_add_program(&out);
		return output_write(&out, err);
	}
	const struct verb *verb = verb_find(operands->items[0]);
	if (verb == NULL)
		return err_set(err, ERR_INVALID, "there is no verb %s", operands->items[0]);
	man_add_verb(&out, verb);
	return output_write(&out, err);
}

const struct verb verb_man = {
	.name = "man",
	.operands = "[VERB]",
	.summary = "Print a manual page in roff",
	.operands_max = 1,
	.is_hidden = true,
	.run = man_verb,
};
