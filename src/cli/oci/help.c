/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime's tables say for people: help, in the sections that runc's has and scripts look
 * for, under the name the program was called by; and the manual page.
 */
#include "cli/help.h"

#include "cli/oci/oci.h"
#include "cli/output.h"

#include <errno.h>

static void add_usage(struct buf *out, const char *program, const struct oci_verb *verb)
{
	buf_addf(out, "%s [GLOBAL OPTIONS] %s [OPTIONS]%s%s", program, verb->name,
		 verb->operands != NULL ? " " : "", verb->operands != NULL ? verb->operands : "");
}

void oci_help_program(struct buf *out, unsigned width)
{
	const char *program = program_invocation_short_name;
	buf_addf(out,
		 "NAME:\n   %s - Open Container Initiative runtime\n\n"
		 "USAGE:\n   %s [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARG]\n\nCOMMANDS:\n",
		 program, program);
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			buf_addf(out, "  %-10s %s\n", (*verb)->name, (*verb)->summary);
	help_add_options(out, &oci_global_options, "GLOBAL OPTIONS", width);
	buf_addf(out, "\nRun '%s COMMAND --help' for the options of a command.\n", program);
}

void oci_help_verb(struct buf *out, const struct oci_verb *verb, unsigned width)
{
	const char *program = program_invocation_short_name;
	buf_addf(out, "NAME:\n   %s %s - %s\n\nUSAGE:\n   ", program, verb->name, verb->summary);
	add_usage(out, program, verb);
	buf_add_char(out, '\n');
	help_add_options(out, &verb->options, "OPTIONS", width);
}

static void man_add_command(struct buf *out, const struct oci_verb *verb)
{
	buf_add_str(out, ".SH COMMAND: ");
	buf_add_str(out, verb->name);
	buf_add_str(out, "\n.B ");
	AUTO(struct buf, buf_done) usage = { 0 };
	add_usage(&usage, OCI_PROGRAM, verb);
	man_add_text(out, buf_str(&usage));
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
		"An OCI runtime: it takes a bundle, a directory with a config.json and a root file "
		"system, and makes, runs and ends the container it describes. Commands, options, "
		"messages and exit statuses are those of runc, so that engines use it unchanged; a "
		"link named runc or crun does the same. What a configuration asks for is done, or "
		"refused with the place in it.\n\n"
		"create, start, kill and delete are a container's life; run is all of it in one "
		"command. Nothing of the runtime stays beside a container but its record.");
	man_add_options(&out, &oci_global_options);
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++)
		if (!(*verb)->is_hidden)
			man_add_command(&out, *verb);
	buf_add_str(&out,
		    ".SH EXIT STATUS\nrun and exec: the program's exit status, or 128 and the "
		    "number of the signal that ended it. 255 when exec fails, 3 for a command that "
		    "is not there, 1 for every other failure.\n"
		    ".SH ENVIRONMENT\n.TP\n.B LISTEN_FDS, LISTEN_PID\nDescriptors of a socket "
		    "activator are passed on to the container.\n"
		    ".SH FILES\n.TP\n.I " OCI_STATE_PATH
		    "\nLocks and records of containers; compiled seccomp filters.\n"
		    ".SH SEE ALSO\n.BR onggi (1)\n");
	return output_write(&out, err);
}

const struct oci_verb oci_man = {
	.name = "man",
	.summary = "Print the manual page in roff",
	.is_hidden = true,
	.run = man_run,
};
