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
	AUTO(struct buf, buf_done) page = { 0 };
	verb_add_page(&page, verb);
	buf_addf(out, "\nThe manual page has more: man %s\n", buf_str(&page));
}

void help_add_noun(struct buf *out, const struct verb_noun *noun, unsigned width)
{
	struct verb_member members[VERB_MEMBERS_MAX];
	size_t len = verb_noun_members(noun, members);
	if (width > HELP_WIDTH_MAX)
		width = HELP_WIDTH_MAX;
	buf_addf(out, "Usage:  onggi %s VERB [ARG...]\n\nVerbs about %s:\n", noun->name,
		 noun->about);
	for (size_t i = 0; i < len; i++) {
		buf_addf(out, "  %-12s", members[i].name);
		help_add_wrapped(out, members[i].verb->summary, 14, 14, width);
	}
	buf_addf(out, "\nRun 'onggi %s VERB --help' for the options of a verb.\n", noun->name);
}

static bool is_of_noun(const struct verb *verb)
{
	return strchr(verb->name, ' ') != NULL;
}

static void add_nouns(struct buf *out, unsigned width)
{
	buf_add_str(out, "\nVerbs by what they are about:\n");
	for (const struct verb_noun *noun = verb_nouns; noun->name != NULL; noun++) {
		struct verb_member members[VERB_MEMBERS_MAX];
		AUTO(struct buf, buf_done) names = { 0 };
		size_t len = verb_noun_members(noun, members);
		for (size_t i = 0; i < len; i++)
			buf_addf(&names, "%s%s", i > 0 ? ", " : "", members[i].name);
		if (len == 0)
			continue;
		buf_addf(out, "  %-12s", noun->name);
		help_add_wrapped(out, buf_str(&names), 14, 14, width);
	}
}

void help_add_program(struct buf *out, unsigned width)
{
	if (width > HELP_WIDTH_MAX)
		width = HELP_WIDTH_MAX;
	buf_add_str(out,
		    "Usage:  onggi [OPTIONS] VERB [ARG...]\n\n"
		    "Containers from the Linux kernel's own parts, without a daemon\n\nVerbs:\n");
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden || is_of_noun(*verb))
			continue;
		buf_addf(out, "  %-12s", (*verb)->name);
		help_add_wrapped(out, (*verb)->summary, 14, 14, width);
	}
	add_nouns(out, width);
	help_add_options(out, &cli_global_options, "Options", width);
	buf_add_str(out, "\nRun 'onggi VERB --help' for the options of a verb.\n");
}
