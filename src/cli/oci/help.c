/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime's tables say for people: help and the manual page. */
#include "cli/help.h"

#include "cli/oci/oci.h"
#include "cli/output.h"

static void add_usage(struct buf *out, const struct oci_verb *verb)
{
	buf_addf(out, OCI_PROGRAM " [GLOBAL OPTIONS] %s [OPTIONS]%s%s", verb->name,
		 verb->operands != NULL ? " " : "", verb->operands != NULL ? verb->operands : "");
}

void oci_help_program(struct buf *out, unsigned width)
{
	buf_add_str(out, "Usage:  " OCI_PROGRAM " [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARG]\n\n"
			 "Run containers from OCI bundles\n\nCommands:\n");
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			buf_addf(out, "  %-10s %s\n", (*verb)->name, (*verb)->summary);
	help_add_options(out, &oci_global_options, width);
	buf_add_str(out, "\nRun '" OCI_PROGRAM " COMMAND --help' for the options of a command.\n");
}

void oci_help_verb(struct buf *out, const struct oci_verb *verb, unsigned width)
{
	buf_add_str(out, "Usage:  ");
	add_usage(out, verb);
	buf_addf(out, "\n\n%s\n", verb->summary);
	help_add_options(out, &verb->options, width);
}

static void man_add_command(struct buf *out, const struct oci_verb *verb)
{
	buf_add_str(out, ".SH COMMAND: ");
	buf_add_str(out, verb->name);
	buf_add_str(out, "\n.B ");
	add_usage(out, verb);
	buf_add_str(out, "\n");
	man_add_paragraphs(out, verb->details);
	man_add_options(out, &verb->options);
}

static int man_run(const struct oci_globals *globals UNUSED, void *input UNUSED,
		   const struct strv *operands UNUSED, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	man_add_title(&out, OCI_PROGRAM, "run containers from OCI bundles");
	buf_add_str(&out, ".SH SYNOPSIS\n" OCI_PROGRAM " [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARG]\n"
			  ".SH DESCRIPTION\n");
	man_add_paragraphs(
		&out,
		"An OCI runtime for the foreground: it takes a bundle, a directory with a "
		"config.json and a root file system, and runs the container it describes. Options "
		"and messages are those of runc. What a configuration asks for is done, or refused "
		"with the place in it.\n\n"
		"In this release the life of a container is one command, run. The commands that "
		"split it (create, start, state, kill, delete, exec, ...) are refused by name, and "
		"so are containers in the background. There are no containers for users other than "
		"root.");
	man_add_options(&out, &oci_global_options);
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			man_add_command(&out, *verb);
	buf_add_str(&out, ".SH EXIT STATUS\nrun: the payload's exit status, or 128 and the number "
			  "of the signal that ended it. 1 for every failure.\n"
			  ".SH FILES\n.TP\n.I " OCI_STATE_PATH
			  "\nLocks and records of running containers; compiled seccomp filters.\n"
			  ".SH SEE ALSO\n.BR onggi (1)\n");
	return output_write(&out, err);
}

const struct oci_verb oci_man = {
	.name = "man",
	.summary = "Print the manual page in roff",
	.is_hidden = true,
	.run = man_run,
};
