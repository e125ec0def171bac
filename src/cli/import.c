/* SPDX-License-Identifier: Apache-2.0 */
/* onggi import: a tarball of a root file system becomes an image of one layer. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/instruction.h"
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

static void list_replace(struct strv *list, struct strv *with)
{
	strv_done(list);
	*list = *with;
	memset(with, 0, sizeof(*with));
}

static void text_replace(char **member, const struct strv *args)
{
	free(*member);
	*member = mem_strdup(args->items[0]);
}

static void add_new(struct strv *list, const struct strv *more)
{
	for (size_t i = 0; i < more->len; i++)
		if (strv_find(list, more->items[i]) < 0)
			strv_add(list, more->items[i]);
}

/* Relative directories are below the present one. */
static void workdir_change(struct image_config *config, const char *dir)
{
	const char *base = config->working_dir != NULL ? config->working_dir : "/";
	bool has_slash = base[0] != '\0' && base[strlen(base) - 1] == '/';
	char *path = dir[0] == '/' ? mem_strdup(dir)
				   : mem_printf("%s%s%s", base, has_slash ? "" : "/", dir);
	free(config->working_dir);
	config->working_dir = path;
}

static void change_apply(struct image_config *config, struct instruction *change)
{
	struct strv *args = &change->args;
	switch (change->kind) {
	case INSTRUCTION_CMD:
		list_replace(&config->cmd, args);
		break;
	case INSTRUCTION_ENTRYPOINT:
		list_replace(&config->entrypoint, args);
		break;
	case INSTRUCTION_ENV:
		for (size_t i = 0; i < args->len; i++)
			strv_env_set(&config->env, args->items[i]);
		break;
	case INSTRUCTION_LABEL:
		for (size_t i = 0; i < args->len; i++)
			strv_env_set(&config->labels, args->items[i]);
		break;
	case INSTRUCTION_EXPOSE:
		add_new(&config->exposed_ports, args);
		break;
	case INSTRUCTION_VOLUME:
		add_new(&config->volumes, args);
		break;
	case INSTRUCTION_STOPSIGNAL:
		text_replace(&config->stop_signal, args);
		break;
	case INSTRUCTION_USER:
		text_replace(&config->user, args);
		break;
	case INSTRUCTION_WORKDIR:
		workdir_change(config, args->items[0]);
		break;
	}
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
	for (size_t i = 0; i < input->changes.len; i++) {
		AUTO(struct instruction, instruction_done) change = { 0 };
		if (instruction_parse(input->changes.items[i], &change, err) < 0)
			return err_context(err, "--change");
		if (change.args.len == 0 && change.kind != INSTRUCTION_CMD &&
		    change.kind != INSTRUCTION_ENTRYPOINT)
			return err_set(err, ERR_INVALID, "--change: nothing in '%s'",
				       input->changes.items[i]);
		change_apply(out, &change);
	}
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
