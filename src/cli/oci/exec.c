/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime exec: a further process in a container. */
#include "cli/oci/oci.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define EXEC_FAILED 255 /* runc's: no status of the program */

struct exec_input {
	char *process, *cwd, *user, *apparmor, *process_label;
	char *pid_file, *console_socket, *pidfd_socket;
	struct strv env, caps, additional_gids, cgroups;
	bool no_new_privs, has_no_new_privs;
	bool tty, detach, ignore_paused;
	int preserve_fds;
};

static void exec_done(void *pointer)
{
	struct exec_input *input = pointer;
	free(input->process);
	free(input->cwd);
	free(input->user);
	free(input->apparmor);
	free(input->process_label);
	free(input->pid_file);
	free(input->console_socket);
	free(input->pidfd_socket);
	strv_done(&input->env);
	strv_done(&input->caps);
	strv_done(&input->additional_gids);
	strv_done(&input->cgroups);
}

static int set_no_new_privs(const struct option_row *row, void *target, const char *value,
			    struct err *err)
{
	struct exec_input *input = target;
	bool is_true = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
	if (!is_true && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return err_set(err, ERR_INVALID, "--%s=%s: true or false expected", row->name,
			       value);
	input->no_new_privs = is_true;
	input->has_no_new_privs = true;
	return 0;
}

#define AT(member) offsetof(struct exec_input, member)

static const struct option_row exec_rows[] = {
	{ "additional-gids", 'g', OPTION_LIST, "gid", NULL, NULL, "Add a supplementary group",
	  AT(additional_gids) },
	{ "apparmor", 0, OPTION_STRING, "profile", NULL, NULL, "AppArmor profile of the process",
	  AT(apparmor) },
	{ "cap", 'c', OPTION_LIST, "capability", NULL, NULL,
	  "Add a capability to those of the configuration", AT(caps) },
	{ "cgroup", 0, OPTION_LIST, "[controllers:]path", NULL, NULL,
	  "Put the process into an existing control group below the container's", AT(cgroups) },
	{ "console-socket", 0, OPTION_STRING, "socket", NULL, NULL,
	  "Send the master side of the terminal to whoever listens at this socket",
	  AT(console_socket), .complete = COMPLETE_FILES },
	{ "cwd", 0, OPTION_STRING, "dir", NULL, NULL, "Working directory in the container",
	  AT(cwd) },
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, NULL, "Leave when the program has begun",
	  AT(detach) },
	{ "env", 'e', OPTION_LIST, "key=value", NULL, NULL, "Set an environment variable",
	  AT(env) },
	{ "ignore-paused", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Also in a paused container, where the process waits until it is resumed",
	  AT(ignore_paused) },
	{ "no-new-privs", 0, OPTION_CUSTOM, "bool", "true", NULL,
	  "Whether the process may gain no privileges by executing a program (true)",
	  .set = set_no_new_privs },
	{ "pid-file", 0, OPTION_STRING, "file", NULL, NULL, "Write the process id to a file",
	  AT(pid_file), .complete = COMPLETE_FILES },
	{ "pidfd-socket", 0, OPTION_STRING, "socket", NULL, NULL,
	  "Send a pidfd of the process to whoever listens at this socket", AT(pidfd_socket),
	  .complete = COMPLETE_FILES },
	{ "preserve-fds", 0, OPTION_INT, "n", NULL, NULL,
	  "Pass on n descriptors after the standard ones", AT(preserve_fds) },
	{ "process", 'p', OPTION_STRING, "file", NULL, NULL,
	  "A process object in JSON: all other options but those of this runtime's own part "
	  "are ignored",
	  AT(process), .complete = COMPLETE_FILES },
	{ "process-label", 0, OPTION_STRING, "label", NULL, NULL, "SELinux label of the process",
	  AT(process_label) },
	{ "tty", 't', OPTION_FLAG, NULL, NULL, NULL, "Give the process a terminal", AT(tty) },
	{ "user", 'u', OPTION_STRING, "uid[:gid]", NULL, NULL, "Who the process is", AT(user) },
	{ 0 },
};

static int fill_options(const struct exec_input *input, const struct strv *operands,
			struct bundle_exec_options *out, struct err *err)
{
	if (input->preserve_fds < 0 || input->preserve_fds > USHRT_MAX)
		return err_set(err, ERR_INVALID, "--preserve-fds %d: 0 to %d expected",
			       input->preserve_fds, USHRT_MAX);
	*out = (struct bundle_exec_options){
		.id = operands->items[0],
		.process_json = input->process,
		.env = input->env,
		.cwd = input->cwd,
		.user = input->user,
		.additional_gids = input->additional_gids,
		.caps = input->caps,
		.apparmor = input->apparmor,
		.process_label = input->process_label,
		.no_new_privs = input->no_new_privs,
		.has_no_new_privs = input->has_no_new_privs,
		.cgroups = input->cgroups,
		.tty = input->tty,
		.detach = input->detach,
		.ignore_paused = input->ignore_paused,
		.preserve_fds = (unsigned)input->preserve_fds,
		.pid_file = input->pid_file,
		.console_socket = input->console_socket,
		.pidfd_socket = input->pidfd_socket,
	};
	return 0;
}

static int exec_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		    struct err *err)
{
	AUTO(struct strv, strv_done) args = { 0 };
	struct bundle_home home = oci_home(globals);
	struct bundle_exec_options options;
	int exit_code = EXEC_FAILED;
	if (fill_options(pointer, operands, &options, err) < 0)
		return -1;
	for (size_t i = 1; i < operands->len; i++)
		strv_add(&args, operands->items[i]);
	options.args = args;
	return bundle_exec(&home, &options, &exit_code, err) < 0 ? -1 : exit_code;
}

const struct oci_verb oci_exec = {
	.name = "exec",
	.operands = "CONTAINER-ID [COMMAND [ARG...]]",
	.summary = "Run a further process in a container",
	.details = "It is what the configuration says of the container's own process, changed by "
		   "the options; or, with --process, what a file says. Its exit status is passed "
		   "on; 255 says that it did not begin.",
	.options = { { exec_rows } },
	.input_size = sizeof(struct exec_input),
	.done = exec_done,
	.operands_len = 1,
	.operands_max = UINT_MAX,
	.stops_at_operand = true,
	.failed_status = EXEC_FAILED,
	.failed_what = "exec failed",
	.run = exec_run,
};
