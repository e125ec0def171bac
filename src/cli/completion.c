/* SPDX-License-Identifier: Apache-2.0 */
/* onggi completion: the script for a shell, from the tables of all verbs. */
#include "cli/output.h"
#include "cli/shells.h"
#include "cli/verb.h"

#include "base/mem.h"

#include <string.h>

/* @return owned */
static struct shell_verb *list_verbs(size_t *out_len)
{
	struct shell_verb *verbs = NULL;
	size_t len = 0;
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		if ((*verb)->is_hidden)
			continue;
		bool is_this = strcmp((*verb)->name, "completion") == 0;
		verbs = mem_realloc(verbs, (len + 1) * sizeof(*verbs));
		verbs[len++] = (struct shell_verb){
			.name = (*verb)->name,
			.summary = (*verb)->summary,
			.options = &(*verb)->options,
			.complete_operands = is_this ? COMPLETE_WORDS : (*verb)->complete_operands,
			.operand_words = "bash zsh fish",
			.stops_at_operand = (*verb)->stop_at_operand,
		};
	}
	*out_len = len;
	return verbs;
}

static int completion_verb(struct cli *cli UNUSED, void *input UNUSED, const struct strv *operands,
			   struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	size_t len;
	AUTO_FREE struct shell_verb *verbs = list_verbs(&len);
	struct shell_program program = {
		.name = "onggi",
		.prefix = "_onggi",
		.globals = &cli_global_options,
		.verbs = verbs,
		.verbs_len = len,
		.list_containers = "onggi ps -a --format '{{.Names}}'",
		.list_images = "onggi images --format '{{.Repository}}:{{.Tag}}'",
	};
	if (shells_add_script(&out, &program, operands->items[0], err) < 0)
		return -1;
	return output_write(&out, err);
}

const struct verb verb_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Print the completion script for a shell",
	.details = "It is installed with Onggi; this is for other places.",
	.examples = "  source <(onggi completion bash)",
	.operands_min = 1,
	.operands_max = 1,
	.run = completion_verb,
};
