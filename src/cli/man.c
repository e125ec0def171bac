/* SPDX-License-Identifier: Apache-2.0 */
/* onggi man: the manual pages, made from the tables. For the build; people use man(1). */
#include "base/mem.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <string.h>

void man_add_verb(struct buf *out, const struct verb *verb)
{
	AUTO(struct buf, buf_done) name = { 0 };
	AUTO(struct buf, buf_done) usage = { 0 };
	verb_add_page(&name, verb);
	man_add_title(out, buf_str(&name), verb->summary);
	buf_add_str(out, ".SH SYNOPSIS\n");
	verb_add_usage(&usage, verb);
	man_add_text(out, buf_str(&usage));
	buf_add_str(out, "\n.SH DESCRIPTION\n");
	man_add_text(out, verb->summary);
	buf_add_str(out, ".\n");
	if (verb->details != NULL)
		man_add_paragraphs(out, verb->details);
	man_add_options(out, &verb->options);
	if (verb->examples != NULL) {
		buf_add_str(out, ".SH EXAMPLES\n.nf\n");
		man_add_text(out, verb->examples);
		buf_add_str(out, "\n.fi\n");
	}
	buf_add_str(out, ".SH EXIT STATUS\n");
	man_add_text(out, verb->exit_status != NULL
				  ? verb->exit_status
				  : "0, 1 when something failed, or 125 when an option is wrong.");
	buf_add_str(out, "\n.SH SEE ALSO\n.BR onggi (1)\n");
}

void man_add_noun(struct buf *out, const struct verb_noun *noun)
{
	struct verb_member members[VERB_MEMBERS_MAX];
	AUTO_FREE char *name = mem_printf("onggi-%s", noun->name);
	AUTO_FREE char *summary = mem_printf("verbs about %s", noun->about);
	size_t len = verb_noun_members(noun, members);
	man_add_title(out, name, summary);
	buf_addf(out, ".SH SYNOPSIS\nonggi %s VERB [OPTIONS] [ARG...]\n.SH VERBS\n", noun->name);
	for (size_t i = 0; i < len; i++) {
		AUTO(struct buf, buf_done) page = { 0 };
		verb_add_page(&page, members[i].verb);
		buf_addf(out, ".TP\n.B %s\n", members[i].name);
		man_add_text(out, members[i].verb->summary);
		buf_add_str(out, ". See ");
		man_add_text(out, buf_str(&page));
		buf_add_str(out, "(1).\n");
	}
	buf_add_str(out, ".SH SEE ALSO\n.BR onggi (1)\n");
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
		AUTO(struct buf, buf_done) page = { 0 };
		verb_add_page(&page, *verb);
		buf_add_str(out, ".TP\n.BR ");
		man_add_text(out, buf_str(&page));
		buf_add_str(out, " (1)\n");
		man_add_text(out, (*verb)->summary);
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
	const char *second = operands->len > 1 ? operands->items[1] : "";
	AUTO_FREE char *name = mem_printf("%s%s%s", operands->items[0],
					  second[0] != '\0' ? " " : "", second);
	const struct verb *verb = verb_find(name);
	const struct verb_noun *noun = verb == NULL ? verb_noun_find(name) : NULL;
	if (verb != NULL)
		man_add_verb(&out, verb);
	else if (noun != NULL && noun->about != NULL)
		man_add_noun(&out, noun);
	else
		return err_set(err, ERR_INVALID, "there is no verb %s", name);
	return output_write(&out, err);
}

const struct verb verb_man = {
	.name = "man",
	.operands = "[[NOUN] VERB | NOUN]",
	.summary = "Print a manual page in roff",
	.operands_max = 2,
	.is_hidden = true,
	.run = man_verb,
};
