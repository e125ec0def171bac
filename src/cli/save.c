/* SPDX-License-Identifier: Apache-2.0 */
/* onggi save: images into an archive. */
#include "engine/save.h"

#include "cli/archive.h"
#include "cli/progress.h"
#include "cli/verb.h"

#include <stdlib.h>

struct save_input {
	char *output_path;
	bool quiet;
};

static void save_done(void *pointer)
{
	struct save_input *input = pointer;
	free(input->output_path);
}

struct save_job {
	struct engine *engine;
	const struct save_input *input;
	const struct strv *references;
};

static int write_images(void *arg, int fd, struct err *err)
{
	const struct save_job *job = arg;
	struct progress progress;
	progress_init(&progress, job->input->quiet || job->input->output_path == NULL);
	int rc = engine_save(job->engine, job->references, fd, progress_show, &progress, err);
	progress_end(&progress);
	return rc;
}

static int save_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct save_input *input = pointer;
	struct save_job job = { .input = input, .references = operands };
	if (archive_check(input->output_path, err) < 0)
		return -1;
	job.engine = cli_engine(cli, err);
	if (job.engine == NULL)
		return -1;
	return archive_output(input->output_path, write_images, &job, err);
}

static const struct option_row rows[] = {
	ARCHIVE_OUTPUT_ROW(offsetof(struct save_input, output_path)),
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
