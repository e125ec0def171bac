/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime completion: the script for a shell, from the tables of all verbs. */
#include "cli/oci/oci.h"
#include "cli/output.h"
#include "cli/shells.h"

#include "base/mem.h"

#include <string.h>

/* An id that there is, but where a new one is asked for. */
static enum option_complete operands_of(const struct oci_verb *verb)
{
	if (verb == &oci_completion)
		return COMPLETE_WORDS;
	if (verb->operands == NULL || strncmp(verb->operands, "CONTAINER-ID", 12) != 0 ||
	    verb == &oci_create || verb == &oci_run)
		return COMPLETE_NOTHING;
	return COMPLETE_CONTAINERS;
}

static int completion_run(const struct oci_globals *globals UNUSED, void *input UNUSED,
			  const struct strv *operands, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	AUTO_FREE struct shell_verb *verbs = NULL;
	size_t len = 0;
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		verbs = mem_realloc(verbs, (len + 1) * sizeof(*verbs));
		verbs[len++] = (struct shell_verb){
			.name = (*verb)->name,
			.summary = (*verb)->summary,
			.options = &(*verb)->options,
			.complete_operands = operands_of(*verb),
			.operand_words = "bash zsh fish",
			.stops_at_operand = (*verb)->stops_at_operand,
		};
	}
	struct shell_program program = {
		.name = OCI_PROGRAM,
		.prefix = "_onggi_runtime",
		.globals = &oci_global_options,
		.verbs = verbs,
		.verbs_len = len,
		.list_containers = OCI_PROGRAM " list --quiet",
	};
	if (shells_add_script(&out, &program, operands->items[0], err) < 0)
		return -1;
	return output_write(&out, err);
}

const struct oci_verb oci_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Print the completion script for a shell",
	.details = "It is installed with Onggi; this is for other places.",
	.operands_len = 1,
	.run = completion_run,
};
