/* SPDX-License-Identifier: Apache-2.0 */
/* onggi import: a tarball of a root file system becomes an image of one layer. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "oci/image_change.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct import_input {
	struct strv changes;
	char *message;
};

static void import_done(void *pointer)
{
	struct import_input *input = pointer;
	strv_done(&input->changes);
	free(input->message);
}

static int config_make(const struct import_input *input, const char *source,
		       struct image_config *out, struct err *err)
{
	char created[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(clock_realtime_ns(), created);
	out->architecture = mem_strdup(facts_architecture());
	out->os = mem_strdup("linux");
	out->created = mem_strdup(created);
	AUTO_FREE char *comment = input->message != NULL ? mem_strdup(input->message)
							 : mem_printf("Imported from %s", source);
	image_config_add_step(out, created, NULL, comment);
	for (size_t i = 0; i < input->changes.len; i++)
		if (image_change_apply(out, input->changes.items[i], err) < 0)
			return err_context(err, "--change");
	return 0;
}

static int source_open(const char *source, struct err *err)
{
	if (strcmp(source, "-") == 0) {
		if (!output_is_terminal(STDIN_FILENO))
			return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
		return err_set(err, ERR_INVALID, "the tarball cannot come from a terminal");
	}
	if (strncasecmp(source, "http://", 7) == 0 || strncasecmp(source, "https://", 8) == 0)
		return err_set(err, ERR_UNSUPPORTED, "importing from a URL is not yet supported");
	int fd = open(source, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "open %s", source);
}

static int import_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const char *source = operands->items[0];
	const char *name = operands->len > 1 ? operands->items[1] : NULL;
	AUTO(struct image_config, image_config_done) config = { 0 };
	char id[65];
	if (config_make(pointer, source, &config, err) < 0)
		return -1;
	AUTO_FD fd = source_open(source, err);
	if (fd < 0)
		return -1;
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_import(engine, fd, &config, name, id, err) < 0)
		return -1;
	return output_line(err, "sha256:%s", id);
}

static const struct option_row rows[] = {
	{ .name = "change",
	  .letter = 'c',
	  .type = OPTION_LIST,
	  .argument = "instruction",
	  .offset = offsetof(struct import_input, changes),
	  .help = "Apply a Dockerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, "
		  "STOPSIGNAL, "
		  "USER, VOLUME or WORKDIR" },
	{ .name = "message",
	  .letter = 'm',
	  .type = OPTION_STRING,
	  .argument = "text",
	  .offset = offsetof(struct import_input, message),
	  .help = "What the image's history says of it" },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ 0 },
};

const struct verb verb_import = {
	.name = "import",
	.operands = "FILE|- [REPOSITORY[:TAG]]",
	.summary = "Make an image from a tarball of a root file system",
	.details = "The tarball may be plain or compressed with gzip or zstd; - is the standard "
		   "input. The ID of the image is printed.",
	.examples = "  debootstrap bookworm root && tar -C root -c . | onggi import - debian:12\n"
		    "  onggi import -c 'CMD [\"/bin/sh\"]' rootfs.tar.gz box",
	.options = { { rows } },
	.input_size = sizeof(struct import_input),
	.done = import_done,
	.operands_min = 1,
	.operands_max = 2,
	.complete_operands = COMPLETE_FILES,
	.run = import_verb,
};
