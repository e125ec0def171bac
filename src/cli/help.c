/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts from the tables, wrapped to the terminal. */
#include "cli/help.h"

#include <string.h>

static void add_aliases(struct buf *out, const struct verb *verb)
{
	bool is_first = true;
	for (const struct verb_alias *alias = verb_aliases; alias->name != NULL; alias++) {
		if (strcmp(alias->verb, verb->name) != 0)
			continue;
		buf_add_str(out, is_first ? "\nAliases:\n  " : ", ");
		buf_addf(out, "onggi %s%s%s", alias->noun != NULL ? alias->noun : "",
			 alias->noun != NULL ? " " : "", alias->name);
		is_first = false;
	}
	if (!is_first)
		buf_add_char(out, '\n');
}

void help_add_verb(struct buf *out, const struct verb *verb, unsigned width)
{
	if (width > HELP_WIDTH_MAX)
		width = HELP_WIDTH_MAX;
	buf_add_str(out, "Usage:  ");
	verb_add_usage(out, verb);
	buf_addf(out, "\n\n%s\n", verb->summary);
	add_aliases(out, verb);
	help_add_options(out, &verb->options, "Options", width);
	if (verb->examples != NULL)
		buf_addf(out, "\nExamples:\n%s\n", verb->examples);
	buf_addf(out, "\nThe manual page has more: man onggi-%s\n", verb->name);
}

void help_add_program(struct buf *out, unsigned width)
{
	if (width > HELP_WIDTH_MAX)
		width = HELP_WIDTH_MAX;
	buf_add_str(out,
		    "Usage:  onggi [OPTIONS] VERB [ARG...]\n\n"
		    "Containers from the Linux kernel's own parts, without a daemon\n\nVerbs:\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		buf_addf(out, "  %-12s", (*verb)->name);
		help_add_wrapped(out, (*verb)->summary, 14, 14, width);
	}
	help_add_options(out, &cli_global_options, "Options", width);
	buf_add_str(out, "\nRun 'onggi VERB --help' for the options of a verb.\n");
}
