/* SPDX-License-Identifier: Apache-2.0 */
/* onggi pack: an image of programs of this machine, and the answer to "why is this file in it?" */
#include "base/mem.h"
#include "base/warn.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "format/number.h"
#include "format/printable.h"

#include <string.h>

#define WHY_DEPTH_MAX 64

struct pack_input {
	char *tag, *why;
	struct strv add, entrypoint, trace;
	bool is_quiet;
};

static void pack_input_done(void *pointer)
{
	struct pack_input *input = pointer;
	free(input->tag);
	free(input->why);
	strv_done(&input->add);
	strv_done(&input->entrypoint);
	strv_done(&input->trace);
}

static void add_reason(struct buf *out, const struct pack_reason *reason)
{
	buf_addf(out, "%s", reason->kind);
	if (strcmp(reason->needed_by, PACK_COMMAND_LINE) == 0) {
		buf_addf(out, ", %s", PACK_COMMAND_LINE);
	} else {
		bool is_act = strcmp(reason->kind, "opened") == 0 ||
			      strcmp(reason->kind, "examined") == 0 ||
			      strcmp(reason->kind, "executed") == 0;
		buf_add_str(out, is_act ? " by " : " for ");
		printable_add(out, reason->needed_by, PRINTABLE_LINE);
	}
	if (reason->also_needed_by.len > 0)
		buf_addf(out, " (and %zu more)", reason->also_needed_by.len);
}

static size_t path_width(const struct pack_result *result)
{
	size_t widest = strlen("PATH");
	for (size_t i = 0; i < result->reasons_len; i++) {
		size_t width = printable_width(result->reasons[i].path,
					       strlen(result->reasons[i].path));
		widest = width > widest ? width : widest;
	}
	return widest;
}

static void add_table(struct buf *out, const struct pack_result *result)
{
	size_t widest = path_width(result);
	buf_addf(out, "%-*s   %-8s  WHY\n", (int)widest, "PATH", "SIZE");
	for (size_t i = 0; i < result->reasons_len; i++) {
		const struct pack_reason *reason = &result->reasons[i];
		char size[BYTES_TEXT_SIZE] = "-";
		if (strcmp(reason->kind, "symlink") != 0)
			bytes_format_decimal(reason->size_bytes, size);
		size_t start = out->len;
		printable_add(out, reason->path, PRINTABLE_LINE);
		size_t width = printable_width(out->data + start, out->len - start);
		buf_addf(out, "%*s   %-8s  ", (int)(widest > width ? widest - width : 0), "", size);
		add_reason(out, reason);
		buf_add_char(out, '\n');
	}
	char total[BYTES_TEXT_SIZE];
	bytes_format_decimal(result->size_bytes, total);
	buf_addf(out, "%zu files and symlinks, %s\n", result->reasons_len, total);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* The row that holds a file: symlinks are on the way, they need nothing themselves. */
static const struct pack_reason *find_file(const struct pack_result *result, const char *path)
{
	for (size_t i = 0; i < result->reasons_len; i++)
		if (strcmp(result->reasons[i].path, path) == 0)
			return &result->reasons[i];
	return NULL;
}

/* " <- bash (/usr/bin/bash) <- command line", from one file that needs it upwards. */
static void add_chain(struct buf *out, const struct pack_result *result, const char *needed_by)
{
	for (int depth = 0; depth < WHY_DEPTH_MAX; depth++) {
		const struct pack_reason *reason = find_file(result, needed_by);
		buf_add_str(out, " <- ");
		if (reason == NULL) {
			printable_add(out, needed_by, PRINTABLE_LINE);
			break;
		}
		printable_add(out, base_name(reason->path), PRINTABLE_LINE);
		buf_add_str(out, " (");
		printable_add(out, reason->path, PRINTABLE_LINE);
		buf_add_char(out, ')');
		needed_by = reason->needed_by;
	}
	buf_add_char(out, '\n');
}

static void add_why(struct buf *out, const struct pack_result *result,
		    const struct pack_reason *reason)
{
	for (size_t i = 0; i <= reason->also_needed_by.len; i++) {
		printable_add(out, base_name(reason->path), PRINTABLE_LINE);
		add_chain(out, result,
			  i == 0 ? reason->needed_by : reason->also_needed_by.items[i - 1]);
	}
}

static void add_matches(struct buf *out, const struct pack_result *result, const char *name,
			bool is_path)
{
	for (size_t i = 0; i < result->reasons_len; i++) {
		const char *path = result->reasons[i].path;
		if (strcmp(is_path ? path : base_name(path), name) == 0)
			add_why(out, result, &result->reasons[i]);
	}
}

/* A path may lead through a symlink here (/lib/x is /usr/lib/x in the list): then by its name. */
static int print_why(const struct pack_result *result, const char *name, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	add_matches(&out, result, name, true);
	if (out.len == 0)
		add_matches(&out, result, base_name(name), false);
	if (out.len == 0)
		return err_set(err, ERR_NOT_FOUND, "%s is not among the %zu files of this image",
			       name, result->reasons_len);
	return output_write(&out, err);
}

/* Source: the reproducible-builds specification of SOURCE_DATE_EPOCH */
static int read_epoch(uint64_t *out, struct err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	if (text == NULL || *text == '\0')
		return 0;
	if (number_parse(text, UINT32_MAX, out, err) < 0)
		return err_context(err, "SOURCE_DATE_EPOCH");
	return 0;
}

static int pack_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct pack_input *input = pointer;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	AUTO(struct buf, buf_done) out = { 0 };
	struct pack_options options = {
		.programs = operands,
		.extra_files = &input->add,
		.trace_command = &input->trace,
		.entrypoint = &input->entrypoint,
		.search_path = getenv("PATH"),
		.name = input->why == NULL ? input->tag : NULL,
	};
	if (input->why == NULL && input->tag == NULL) {
		err_set(err, ERR_INVALID, "pack: the image needs a name");
		return err_hint(err, "onggi pack -t NAME %s", operands->items[0]);
	}
	struct engine *engine = options.name != NULL ? cli_engine(cli, err) : NULL;
	if ((options.name != NULL && engine == NULL) || read_epoch(&options.mtime_s, err) < 0 ||
	    engine_pack(engine, &options, &result, err) < 0)
		return -1;
	if (result.trace_status != 0)
		warn_say("the traced command ended with status %d", result.trace_status);
	if (input->why != NULL)
		return print_why(&result, input->why, err);
	if (!input->is_quiet)
		add_table(&out, &result);
	buf_addf(&out, "sha256:%s\n", result.id);
	return output_write(&out, err);
}

static const struct option_row rows[] = {
	{ .name = "add",
	  .type = OPTION_LIST,
	  .argument = "host[:container]",
	  .help = "Add a file or directory, under its own path or another",
	  .offset = offsetof(struct pack_input, add),
	  .complete = COMPLETE_FILES },
	{ .name = "entrypoint",
	  .type = OPTION_LIST,
	  .argument = "word",
	  .help = "What the image runs, one word per use (default: the first binary)",
	  .offset = offsetof(struct pack_input, entrypoint),
	  .complete = COMPLETE_FILES },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .help = "Print the image id only",
	  .offset = offsetof(struct pack_input, is_quiet) },
	{ .name = "tag",
	  .letter = 't',
	  .type = OPTION_STRING,
	  .argument = "name",
	  .help = "Name of the image",
	  .offset = offsetof(struct pack_input, tag),
	  .complete = COMPLETE_IMAGES },
	{ .name = "trace",
	  .type = OPTION_REST,
	  .argument = "command [arg...]",
	  .help = "Run a command once and add the files it opens; all words that follow belong "
		  "to it",
	  .offset = offsetof(struct pack_input, trace),
	  .complete = COMPLETE_FILES },
	{ .name = "why",
	  .type = OPTION_STRING,
	  .argument = "file",
	  .help = "Print who needs a file, and make no image",
	  .offset = offsetof(struct pack_input, why) },
	{ 0 },
};

const struct verb verb_pack = {
	.name = "pack",
	.operands = "BINARY [BINARY...]",
	.summary = "Make an image of programs of this machine and what they need to start",
	.details =
		"The image holds the programs, their loader and libraries, the interpreters of "
		"scripts, and the symbolic links on the way to them, under the same paths as here. "
		"A BINARY is a path, or a name that is looked up in PATH.\n"
		"\n"
		"Nothing is run to find out (not even ldd): the files are read. Libraries are "
		"searched as ld.so(8) does it: DT_RPATH, DT_RUNPATH, /etc/ld.so.cache, the default "
		"directories, with $ORIGIN, $LIB and $PLATFORM. LD_LIBRARY_PATH does not count: it "
		"belongs to your shell, not to the program. Libraries that only the cache knows "
		"get "
		"a small /etc/ld.so.cache in the image.\n"
		"\n"
		"Files that a program opens while it runs (plugins, name service libraries, "
		"locales, data) are named nowhere in it. --trace finds those of one run: the "
		"command is run here, with your rights, under ptrace(2), its output on the "
		"standard error. What it opens for reading, looks at or executes goes into the "
		"image: read the list before you give the image away. --add names more files by "
		"hand; libraries bring what they need.\n"
		"\n"
		"The same files give the same image id: entries are sorted, owned by 0:0, without "
		"set-user-ID bits and file capabilities, and have one time stamp, "
		"SOURCE_DATE_EPOCH or 1970.",
	.examples = "  onggi pack bash -t my/bash\n"
		    "  onggi run --rm -it my/bash\n"
		    "  onggi pack curl -t curl --add /etc/ssl/certs\n"
		    "  onggi pack bash --why libtinfo.so.6\n"
		    "  onggi pack python3 -t py --trace python3 -c 'import json'",
	.options = { { rows } },
	.input_size = sizeof(struct pack_input),
	.done = pack_input_done,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_FILES,
	.run = pack_verb,
};
