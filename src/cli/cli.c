/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to a verb and its exit status. The only place that prints errors, and the only one
 * that knows which status a wrong command line has.
 */
#include "base/mem.h"
#include "base/warn.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <string.h>
#include <unistd.h>

static const struct option_row global_rows[] = {
	{ "root", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Where images and containers are kept (" STORE_ROOT_DEFAULT ")",
	  offsetof(struct cli_globals, root_path), .complete = COMPLETE_DIRECTORIES },
	{ "run-root", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Where the state of running containers is kept (" STORE_RUN_ROOT_DEFAULT ")",
	  offsetof(struct cli_globals, run_path), .complete = COMPLETE_DIRECTORIES },
	{ "version", 'v', OPTION_FLAG, NULL, NULL, NULL, "Print the version and exit",
	  offsetof(struct cli_globals, wants_version) },
	{ 0 },
};
const struct option_tables cli_global_options = { { global_rows } };

static void globals_done(struct cli_globals *globals)
{
	free(globals->root_path);
	free(globals->run_path);
}

static void cli_done(struct cli *cli)
{
	if (cli->is_engine_open)
		engine_close(&cli->engine);
}

static struct engine *open_engine(struct cli *cli, bool is_bare, struct err *err)
{
	const char *root = cli->root_path != NULL ? cli->root_path : STORE_ROOT_DEFAULT;
	const char *run = cli->run_path != NULL ? cli->run_path : STORE_RUN_ROOT_DEFAULT;
	if (!cli->is_engine_open) {
		int result = is_bare ? engine_open_bare(root, run, &cli->engine, err)
				     : engine_open(root, run, &cli->engine, err);
		if (result < 0)
			return NULL;
		cli->is_engine_open = true;
	}
	return &cli->engine;
}

struct engine *cli_engine(struct cli *cli, struct err *err)
{
	if (geteuid() == 0)
		return open_engine(cli, false, err);
	err_set(err, ERR_UNSUPPORTED,
		"this needs root: containers of other users (rootless) are not yet supported");
	err_hint(err, "run it with sudo; 'onggi explain' shows without root what it would do");
	return NULL;
}

struct engine *cli_engine_bare(struct cli *cli, struct err *err)
{
	return open_engine(cli, geteuid() != 0, err);
}

static int fail_usage(const struct err *err, const char *command, int status)
{
	output_error(err);
	output_see_help(command);
	return status;
}

/* Of a verb, of a noun, or with neither of the program. */
static int print_help(const struct verb *verb, const struct verb_noun *noun)
{
	AUTO(struct buf, buf_done) text = { 0 };
	unsigned width = output_width(STDOUT_FILENO, 80);
	struct err err = { 0 };
	if (verb != NULL)
		help_add_verb(&text, verb, width);
	else if (noun != NULL)
		help_add_noun(&text, noun, width);
	else
		help_add_program(&text, width);
	if (output_write(&text, &err) < 0) {
		output_error(&err);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

/* Docker's sentence for too few or too many operands. */
static int operands_check(const struct verb *verb, size_t count, struct err *err)
{
	unsigned min = verb->operands_min, max = verb->operands_max;
	if (count >= min && count <= max)
		return 0;
	if (max == 0)
		return err_set(err, ERR_INVALID, "'onggi %s' accepts no arguments", verb->name);
	unsigned limit = count < min ? min : max;
	const char *bound = min == max ? "" : count < min ? "at least " : "at most ";
	return err_set(err, ERR_INVALID, "'onggi %s' requires %s%u argument%s", verb->name, bound,
		       limit, limit == 1 ? "" : "s");
}

static int verb_execute_input(struct cli *cli, const struct verb *verb, char *const *args,
			      void *input)
{
	AUTO(struct strv, strv_done) operands = { 0 };
	AUTO_FREE char *command = mem_printf("onggi %s", verb->name);
	struct err err = { 0 };
	int outcome = option_parse(&verb->options, command, verb->stop_at_operand, args, input,
				   &operands, &err);
	if (outcome == OPTION_WANTS_HELP)
		return print_help(verb, NULL);
	if (outcome < 0)
		return fail_usage(&err, command, EXIT_USAGE);
	if (operands_check(verb, operands.len, &err) < 0)
		return fail_usage(&err, command,
				  verb->failure_status != 0 ? verb->failure_status : EXIT_FAILED);
	int status = verb->run(cli, input, &operands, &err);
	if (status >= 0)
		return status;
	output_error(&err);
	return verb->failure_status != 0 ? verb->failure_status : output_exit_status(&err);
}

static int verb_execute(struct cli *cli, const struct verb *verb, char *const *args)
{
	AUTO_FREE void *input = mem_alloc(1, verb->input_size);
	if (verb->init != NULL)
		verb->init(input);
	int status = verb_execute_input(cli, verb, args, input);
	if (verb->done != NULL)
		verb->done(input);
	return status;
}

/* `onggi help [[NOUN] VERB | NOUN]` */
static int run_help(char *const *args)
{
	struct err err = { 0 };
	struct verb_match match;
	if (args[0] == NULL)
		return print_help(NULL, NULL);
	const struct verb_noun *noun = args[1] == NULL ? verb_noun_find(args[0]) : NULL;
	if (noun != NULL && noun->about != NULL)
		return print_help(NULL, noun);
	if (verb_lookup(args, &match, &err) < 0)
		return fail_usage(&err, "onggi", EXIT_FAILED);
	return print_help(match.verb, match.noun);
}

int cli_main(char *const *args)
{
	AUTO(struct cli_globals, globals_done) globals = { 0 };
	AUTO(struct strv, strv_done) words = { 0 };
	struct err err = { 0 };
	warn_to(output_warning);
	int outcome = option_parse(&cli_global_options, "onggi", true, args + 1, &globals, &words,
				   &err);
	if (outcome < 0)
		return fail_usage(&err, "onggi", EXIT_USAGE);
	if (globals.wants_version)
		return output_line(&err, "onggi version " ONGGI_VERSION) < 0 ? EXIT_FAILED
									     : EXIT_OK;
	if (outcome == OPTION_WANTS_HELP || words.len == 0)
		return print_help(NULL, NULL);
	if (strcmp(words.items[0], "help") == 0)
		return run_help(words.items + 1);

	struct verb_match match;
	if (verb_lookup(words.items, &match, &err) < 0)
		return fail_usage(&err, "onggi", EXIT_FAILED);
	if (match.verb == NULL)
		return print_help(NULL, match.noun);
	AUTO(struct strv, strv_done) rest = { 0 };
	if (match.preset != NULL)
		strv_add(&rest, match.preset);
	for (size_t i = match.used; i < words.len; i++)
		strv_add(&rest, words.items[i]);
	static char *const nothing[] = { NULL };
	AUTO(struct cli, cli_done)
	cli = { .root_path = globals.root_path, .run_path = globals.run_path };
	return verb_execute(&cli, match.verb, rest.len > 0 ? rest.items : nothing);
}
