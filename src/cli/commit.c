/* SPDX-License-Identifier: Apache-2.0 */
/* onggi commit: an image of what a container has become. */
#include "cli/output.h"
#include "cli/verb.h"
#include "engine/changes.h"

#include <stdlib.h>

struct commit_input {
	char *author, *message;
	struct strv changes;
	bool pause;
};

static void commit_input_init(void *pointer)
{
	struct commit_input *input = pointer;
	input->pause = true;
}

static void commit_input_done(void *pointer)
{
	struct commit_input *input = pointer;
	free(input->author);
	free(input->message);
	strv_done(&input->changes);
}

static int commit_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct commit_input *input = pointer;
	const struct commit_options options = {
		.container = operands->items[0],
		.name = operands->len > 1 ? operands->items[1] : NULL,
		.author = input->author,
		.message = input->message,
		.pauses = input->pause,
		.changes = &input->changes,
	};
	char id[65];
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_commit(engine, &options, id, err) < 0)
		return -1;
	return output_line(err, "sha256:%s", id);
}

#define AT(member) offsetof(struct commit_input, member)
static const struct option_row rows[] = {
	{ .name = "author",
	  .letter = 'a',
	  .type = OPTION_STRING,
	  .argument = "text",
	  .offset = AT(author),
	  .help = "Who made the image" },
	{ .name = "change",
	  .letter = 'c',
	  .type = OPTION_LIST,
	  .argument = "instruction",
	  .offset = AT(changes),
	  .help = "Change its configuration: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, "
		  "USER, VOLUME or WORKDIR" },
	{ .name = "message",
	  .letter = 'm',
	  .type = OPTION_STRING,
	  .argument = "text",
	  .offset = AT(message),
	  .help = "What the image's history says of it" },
	{ .name = "pause",
	  .letter = 'p',
	  .type = OPTION_FLAG,
	  .offset = AT(pause),
	  .help = "Pause the container meanwhile (the default; --pause=false)" },
	{ 0 },
};

const struct verb verb_commit = {
	.name = "commit",
	.operands = "CONTAINER [NAME[:TAG]]",
	.summary = "Make an image of what a container has become",
	.details =
		"The image has the layers of the container's image and one more with what the "
		"container changed (see diff), unless it changed nothing. What is mounted into the "
		"container is not in it. Its configuration is the image's, with the options the "
		"container was run with.",
	.examples = "  onggi commit --change 'CMD [\"nginx\"]' web web:2",
	.options = { { rows } },
	.input_size = sizeof(struct commit_input),
	.init = commit_input_init,
	.done = commit_input_done,
	.operands_min = 1,
	.operands_max = 2,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = commit_verb,
};
