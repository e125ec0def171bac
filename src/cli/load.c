/* SPDX-License-Identifier: Apache-2.0 */
/* onggi load: images from an archive. */
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <unistd.h>

struct load_input {
	char *input_path;
	bool quiet;
};

static void load_done(void *pointer)
{
	struct load_input *input = pointer;
	free(input->input_path);
}

static int load_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct load_input *input = pointer;
	AUTO_FD fd = -1;
	(void)operands;
	if (input->input_path != NULL) {
		fd = open(input->input_path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(err, "open %s", input->input_path);
	} else if (output_is_terminal(STDIN_FILENO)) {
		err_set(err, ERR_INVALID, "requested load from stdin, but stdin is a terminal");
		return err_hint(err, "name the archive with -i, or redirect it");
	}
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL)
		return -1;
	struct progress progress;
	AUTO(struct load_result, load_result_done) result = { 0 };
	progress_init(&progress, input->quiet);
	int status = engine_load(engine, fd >= 0 ? fd : STDIN_FILENO, progress_show, &progress,
				 &result, err);
	progress_end(&progress);
	if (status < 0)
		return -1;
	for (size_t i = 0; i < result.names.len; i++)
		if (output_line(err, "Loaded image: %s", result.names.items[i]) < 0)
			return -1;
	return EXIT_OK;
}

static const struct option_row rows[] = {
	{ .name = "input",
	  .letter = 'i',
	  .type = OPTION_STRING,
	  .argument = "file",
	  .offset = offsetof(struct load_input, input_path),
	  .complete = COMPLETE_FILES,
	  .help = "Read the archive, or the directory of an OCI layout, here instead of from the "
		  "standard input" },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct load_input, quiet),
	  .help = "Do not show how far it is" },
	{ 0 },
};

const struct verb verb_load = {
	.name = "load",
	.summary = "Load images from an archive or the standard input",
	.details =
		"Archives are those of docker save (docker-archive) and OCI layouts, as a tar file "
		"(plain, gzip or zstd) or as a directory. Their bytes are read by a worker process "
		"that can reach nothing but the place it unpacks to.",
	.examples = "  onggi load -i debian.tar\n  docker save debian:12 | onggi load",
	.options = { { rows } },
	.input_size = sizeof(struct load_input),
	.done = load_done,
	.run = load_verb,
};
