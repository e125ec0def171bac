/* SPDX-License-Identifier: Apache-2.0 */
/* onggi man: the manual pages, made from the tables. For the build; people use man(1). */
#include "cli/help.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <string.h>

void man_add_verb(struct buf *out, const struct verb *verb)
{
	AUTO(struct buf, buf_done) name = { 0 };
	AUTO(struct buf, buf_done) usage = { 0 };
	buf_addf(&name, "onggi-%s", verb->name);
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
