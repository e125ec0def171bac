/* SPDX-License-Identifier: Apache-2.0 */
/* onggi rm: remove containers. */
#include "cli/output.h"
#include "cli/several.h"
#include "cli/verb.h"

struct rm_input {
	bool force, volumes;
	struct engine *engine; /* borrowed */
};

static int remove_one(void *arg, const char *operand, struct err *err)
{
	const struct rm_input *input = arg;
	if (engine_remove_container(input->engine, operand, input->force, err) < 0)
		return -1;
	return output_line(err, "%s", operand);
}

static int rm_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	struct rm_input *input = pointer;
	input->engine = cli_engine(cli, err);
	if (input->engine == NULL || engine_recover(input->engine, err) < 0)
		return -1;
	return several_each(operands, input->force, remove_one, input);
}

static const struct option_row rows[] = {
	{ .name = "force",
	  .letter = 'f',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct rm_input, force),
	  .help = "Kill a running container first; one that does not exist is no failure" },
	{ .name = "link", .letter = 'l', .type = OPTION_REFUSED },
	{ .name = "volumes",
	  .letter = 'v',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct rm_input, volumes),
	  .is_hidden = true,
	  .help = "There are no anonymous volumes" },
	{ 0 },
};

const struct verb verb_rm = {
	.name = "rm",
	.operands = "CONTAINER [CONTAINER...]",
	.summary = "Remove one or more containers",
	.details =
		"Containers are named by their name, their ID, or an unambiguous beginning of it. "
		"The names of those that are gone are printed.",
	.examples = "  onggi rm web\n  onggi rm -f $(onggi ps -aq)",
	.options = { { rows } },
	.input_size = sizeof(struct rm_input),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = rm_verb,
};
