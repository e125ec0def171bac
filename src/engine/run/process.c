/* SPDX-License-Identifier: Apache-2.0 */
/* What runs: argv, environment, user and directory, as Docker puts image and options together. */
#include "engine/run/draft.h"

#include "base/mem.h"
#include "engine/exec_diagnosis.h"
#include "kernel/proc/tty.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* An entrypoint of the user's clears the image's command: it was meant for the other one. */
static int choose_args(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	const struct image_config *config = &draft->image.config;
	struct strv *args = &draft->spec.process.args;
	bool has_own_entrypoint = options->entrypoint != NULL;
	if (options->init)
		strv_add(args, RUN_INIT_PATH);
	if (options->init)
		strv_add(args, "--");
	size_t before = args->len;
	if (has_own_entrypoint && options->entrypoint[0] != '\0')
		strv_add(args, options->entrypoint);
	else if (!has_own_entrypoint && draft->has_image)
		strv_add_all(args, &config->entrypoint);
	if (options->args.len > 0)
		strv_add_all(args, &options->args);
	else if (!has_own_entrypoint && draft->has_image)
		strv_add_all(args, &config->cmd);
	if (args->len == before)
		return err_set(err, ERR_INVALID, "no command specified");
	/* The init is ours: the container's command is the user's. */
	for (size_t i = before; i < args->len; i++)
		strv_add(&draft->container.args, args->items[i]);
	return 0;
}

static void choose_env(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	struct strv *env = &draft->spec.process.env;
	strv_add(env, "PATH=" EXEC_PATH_DEFAULT);
	if (draft->spec.hostname != NULL)
		strv_add_take(env, mem_printf("HOSTNAME=%s", draft->spec.hostname));
	if (options->tty)
		strv_add(env, "TERM=xterm");
	for (size_t i = 0; draft->has_image && i < draft->image.config.env.len; i++)
		strv_env_set(env, draft->image.config.env.items[i]);
	for (size_t i = 0; i < options->env.len; i++)
		strv_env_set(env, options->env.items[i]);
}

static int choose_directory(struct run_draft *draft, struct err *err)
{
	const char *config = draft->has_image ? draft->image.config.working_dir : NULL;
	const char *cwd = draft->options->workdir != NULL ? draft->options->workdir : config;
	if (cwd == NULL || cwd[0] == '\0')
		cwd = "/";
	if (cwd[0] != '/')
		return err_set(err, ERR_INVALID,
			       "the working directory '%s' is invalid, it needs to be an absolute "
			       "path",
			       cwd);
	draft->spec.process.cwd = mem_strdup(cwd);
	draft->boot.make_workdir = strcmp(cwd, "/") != 0 &&
				   run_draft_isolates(draft, ISOLATE_MOUNT);
	return 0;
}

static void choose_hostname(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	if (!run_draft_isolates(draft, ISOLATE_UTS) || options->uts.kind == RUN_NS_HOST ||
	    options->uts.kind == RUN_NS_CONTAINER || options->uts.kind == RUN_NS_PATH)
		return;
	/* Who shares the host's network is found under the host's name. */
	char name[HOST_NAME_MAX + 1] = "";
	if (options->network.kind != RUN_NS_HOST || gethostname(name, sizeof(name)) < 0)
		snprintf(name, sizeof(name), "%.*s", ID_SHORT_LEN, draft->container.id);
	bool is_given = options->hostname != NULL && options->hostname[0] != '\0';
	draft->spec.hostname = mem_strdup(is_given ? options->hostname : name);
	draft->spec.domainname = mem_strdup(options->domainname);
}

static void choose_limits(struct run_draft *draft)
{
	const struct run_options *options = draft->options;
	struct spec_process *process = &draft->spec.process;
	process->rlimits = mem_dup(options->ulimits,
				   options->ulimits_len * sizeof(*options->ulimits));
	process->rlimits_len = options->ulimits_len;
	process->has_oom_score_adj = options->has_oom_score_adj;
	process->oom_score_adj = options->oom_score_adj;
}

/* The size is set before the start: a program that asks for it first thing must not see 0 x 0. */
static void choose_terminal(struct run_draft *draft)
{
	struct spec_process *process = &draft->spec.process;
	process->terminal = draft->options->tty;
	draft->boot.uses_console = draft->options->tty;
	if (process->terminal && tty_get_size(STDOUT_FILENO, &process->console_rows,
					      &process->console_columns, NULL) < 0)
		tty_get_size(STDIN_FILENO, &process->console_rows, &process->console_columns, NULL);
}

int run_draft_process(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	if (choose_args(draft, err) < 0 || choose_directory(draft, err) < 0)
		return -1;
	choose_hostname(draft);
	choose_env(draft);
	choose_limits(draft);
	choose_terminal(draft);
	draft->boot.dies_with_parent = true;
	const char *config_user = draft->has_image ? draft->image.config.user : NULL;
	const char *user = options->user != NULL ? options->user : config_user;
	draft->user = mem_strdup(user != NULL ? user : "");
	draft->boot.user = draft->user;
	draft->boot.groups = &options->group_add;
	return 0;
}
