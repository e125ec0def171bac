/* SPDX-License-Identifier: Apache-2.0 */
/* onggi save: images into an archive. */
#include "engine/save.h"

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "sys/draft.h"

#include <stdlib.h>
#include <unistd.h>

struct save_input {
	char *output_path;
	bool quiet;
};

static void save_done(void *pointer)
{
	struct save_input *input = pointer;
	free(input->output_path);
}

static int save_to(struct engine *engine, const struct save_input *input,
		   const struct strv *references, int fd, struct err *err)
{
	struct progress progress;
	progress_init(&progress, input->quiet || input->output_path == NULL);
	int rc = engine_save(engine, references, fd, progress_show, &progress, err);
	progress_end(&progress);
	return rc;
}

static int save_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct save_input *input = pointer;
	AUTO(struct draft, draft_done) draft = DRAFT_INIT;
	if (input->output_path == NULL && output_is_terminal(STDOUT_FILENO)) {
		err_set(err, ERR_INVALID, "an archive is nothing for a terminal");
		return err_hint(err, "name a file with -o, or redirect the output");
	}
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL)
		return -1;
	if (input->output_path == NULL)
		return save_to(engine, input, operands, STDOUT_FILENO, err);
	if (draft_open(input->output_path, 0600, &draft, err) < 0 ||
	    save_to(engine, input, operands, draft.fd, err) < 0)
		return -1;
	return draft_commit(&draft, err);
}

static const struct option_row rows[] = {
	{ .name = "output",
	  .letter = 'o',
	  .type = OPTION_STRING,
	  .argument = "file",
	  .offset = offsetof(struct save_input, output_path),
	  .complete = COMPLETE_FILES,
	  .help = "Write the archive here instead of to the standard output; it appears when it is "
		  "complete" },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct save_input, quiet),
	  .help = "Do not show how far it is" },
	{ 0 },
};

const struct verb verb_save = {
	.name = "save",
	.operands = "IMAGE [IMAGE...]",
	.summary = "Write images into an archive",
	.details =
		"The archive is a docker-archive and an OCI layout at once: onggi, docker, podman, "
		"skopeo and containerd read it. Its layers are what the images came with, byte "
		"for byte, and the same images give the same archive each time. A name without a "
		"tag stands for all its tags; an id is saved without a name.",
	.examples = "  onggi save -o debian.tar debian:12\n  onggi save debian:12 | zstd "
		    ">debian.tar.zst",
	.options = { { rows } },
	.input_size = sizeof(struct save_input),
	.done = save_done,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_IMAGES,
	.run = save_verb,
};
