/* SPDX-License-Identifier: Apache-2.0 */
/* onggi export: a container's root file system into an archive. */
#include "cli/archive.h"
#include "cli/verb.h"
#include "engine/changes.h"

#include <stdlib.h>

struct export_input {
	char *output_path;
};

static void export_done(void *pointer)
{
	struct export_input *input = pointer;
	free(input->output_path);
}

struct exporting {
	struct engine *engine;
	const char *container;
};

static int write_tree(void *arg, int fd, struct err *err)
{
	const struct exporting *exporting = arg;
	return engine_export(exporting->engine, exporting->container, fd, err);
}

static int export_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct export_input *input = pointer;
	struct exporting exporting = { .container = operands->items[0] };
	if (archive_check(input->output_path, err) < 0)
		return -1;
	exporting.engine = cli_engine(cli, err);
	if (exporting.engine == NULL)
		return -1;
	return archive_output(input->output_path, write_tree, &exporting, err);
}

static const struct option_row rows[] = {
	ARCHIVE_OUTPUT_ROW(offsetof(struct export_input, output_path)),
	{ 0 },
};

const struct verb verb_export = {
	.name = "export",
	.operands = "CONTAINER",
	.summary = "Write a container's root file system into a tar archive",
	.details = "What is mounted into the container, /proc and volumes among it, is not in the "
		   "archive. A running container goes on; commit pauses it.",
	.examples = "  onggi export web | tar -t\n  onggi export web | onggi import - web:flat",
	.options = { { rows } },
	.input_size = sizeof(struct export_input),
	.done = export_done,
	.operands_min = 1,
	.operands_max = 1,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = export_verb,
};
