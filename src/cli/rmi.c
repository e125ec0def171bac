/* SPDX-License-Identifier: Apache-2.0 */
/* onggi rmi: remove images, or names of images. */
#include "cli/output.h"
#include "cli/several.h"
#include "cli/verb.h"

struct rmi_input {
	bool force;
	struct engine *engine; /* borrowed */
};

static int remove_one(void *arg, const char *operand, struct err *err)
{
	const struct rmi_input *input = arg;
	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	if (image_remove(&input->engine->store, operand, input->force, &removed, err) < 0)
		return -1;
	for (size_t i = 0; i < removed.untagged.len; i++)
		if (output_line(err, "Untagged: %s", removed.untagged.items[i]) < 0)
			return -1;
	for (size_t i = 0; i < removed.deleted.len; i++)
		if (output_line(err, "Deleted: %s", removed.deleted.items[i]) < 0)
			return -1;
	return 0;
}

static int rmi_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	struct rmi_input *input = pointer;
	input->engine = cli_engine(cli, err);
	if (input->engine == NULL || engine_recover(input->engine, err) < 0)
		return -1;
	return several_each(operands, input->force, remove_one, input);
}

static const struct option_row rows[] = {
	{ .name = "force",
	  .letter = 'f',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct rmi_input, force),
	  .help = "Remove it with all its names, and though stopped containers use it" },
	{ .name = "no-prune", .type = OPTION_REFUSED },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ 0 },
};

const struct verb verb_rmi = {
	.name = "rmi",
	.operands = "IMAGE [IMAGE...]",
	.summary = "Remove one or more images",
	.details =
		"A name is taken away; with the last name the image goes, and with the image the "
		"layers that no other image has. An image that a container uses stays.",
	.examples = "  onggi rmi debian:11",
	.options = { { rows } },
	.input_size = sizeof(struct rmi_input),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_IMAGES,
	.run = rmi_verb,
};
