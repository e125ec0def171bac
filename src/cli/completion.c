/* SPDX-License-Identifier: Apache-2.0 */
/* onggi completion: the script for a shell, from the tables of all verbs. */
#include "cli/output.h"
#include "cli/shells.h"
#include "cli/verb.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct verb_list {
	struct shell_verb *items;
	size_t len;
	struct strv names; /* of verbs under nouns */
};

static void verb_list_done(struct verb_list *list)
{
	free(list->items);
	strv_done(&list->names);
}

static void add_verb(struct verb_list *list, const char *name, const struct verb *verb)
{
	bool is_this = strcmp(name, "completion") == 0;
	list->items = mem_realloc(list->items, (list->len + 1) * sizeof(*list->items));
	list->items[list->len++] = (struct shell_verb){
		.name = name,
		.summary = verb->summary,
		.options = &verb->options,
		.complete_operands = is_this ? COMPLETE_WORDS : verb->complete_operands,
		.operand_words = "bash zsh fish",
		.stops_at_operand = verb->stop_at_operand,
	};
}

/* Verbs by themselves, then each noun's: `image ls` has the options of `images`. */
static void list_verbs(struct verb_list *out)
{
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++)
		if (!(*verb)->is_hidden && strchr((*verb)->name, ' ') == NULL)
			add_verb(out, (*verb)->name, *verb);
	for (const struct verb_noun *noun = verb_nouns; noun->name != NULL; noun++) {
		struct verb_member members[VERB_MEMBERS_MAX];
		size_t len = verb_noun_members(noun, members);
		for (size_t i = 0; i < len; i++) {
			char *name = mem_printf("%s %s", noun->name, members[i].name);
			strv_add_take(&out->names, name);
			add_verb(out, name, members[i].verb);
		}
	}
}

static int completion_verb(struct cli *cli UNUSED, void *input UNUSED, const struct strv *operands,
			   struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	AUTO(struct verb_list, verb_list_done) list = { 0 };
	list_verbs(&list);
	struct shell_program program = {
		.name = "onggi",
		.prefix = "_onggi",
		.globals = &cli_global_options,
		.verbs = list.items,
		.verbs_len = list.len,
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
