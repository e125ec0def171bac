/* SPDX-License-Identifier: Apache-2.0 */
/* onggi export: a container's root file system into an archive. */
#include "cli/output.h"
#include "cli/verb.h"
#include "engine/changes.h"
#include "sys/draft.h"

#include <stdlib.h>
#include <unistd.h>

struct export_input {
	char *output_path;
};

static void export_done(void *pointer)
{
	struct export_input *input = pointer;
	free(input->output_path);
}

static int export_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct export_input *input = pointer;
	AUTO(struct draft, draft_done) draft = DRAFT_INIT;
	if (input->output_path == NULL && output_is_terminal(STDOUT_FILENO)) {
		err_set(err, ERR_INVALID, "an archive is nothing for a terminal");
		return err_hint(err, "name a file with -o, or redirect the output");
	}
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL)
		return -1;
	if (input->output_path == NULL)
		return engine_export(engine, operands->items[0], STDOUT_FILENO, err);
	if (draft_open(input->output_path, 0600, &draft, err) < 0 ||
	    engine_export(engine, operands->items[0], draft.fd, err) < 0)
		return -1;
	return draft_commit(&draft, err);
}

static const struct option_row rows[] = {
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_STRING,
	  .argument = "file",
	  .offset = offsetof(struct export_input, output_path),
	  .complete = COMPLETE_FILES,
	  .help = "Write the archive here instead of to the standard output; it appears when it is "
		  "complete" },
	{ 0 },
};

const struct verb verb_export = {
	.name = "export",
	.operands = "CONTAINER",
	.summary = "Write a container's root file system into a tar archive",
	.details = "What is mounted into the container, /proc and volumes among it, is not in the "
		   "archive. "
		   "A running container goes on; commit pauses it.",
	.examples = "  onggi export web | tar -t\n  onggi export web | onggi import - web:flat",
	.options = { { rows } },
	.input_size = sizeof(struct export_input),
	.done = export_done,
	.operands_min = 1,
	.operands_max = 1,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = export_verb,
};
