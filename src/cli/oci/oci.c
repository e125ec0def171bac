/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to a verb and its exit status, for the OCI runtime. Which name the program was called
 * by (a link named runc or crun) changes help and version alone.
 */
#include "cli/oci/oci.h"

#include "base/mem.h"
#include "base/warn.h"
#include "cli/output.h"
#include "engine/exec_diagnosis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option_row global_rows[] = {
	{ "cgroup-manager", 0, OPTION_STRING, "manager", NULL, NULL,
	  "Who makes control groups: cgroupfs (the runtime itself), systemd, or disabled for none",
	  offsetof(struct oci_globals, cgroup_manager), .complete = COMPLETE_WORDS,
	  .words = "cgroupfs disabled systemd" },
	{ "criu", 0, OPTION_STRING, "path", NULL, NULL,
	  "CRIU, for checkpoint and restore (criu in PATH)", offsetof(struct oci_globals, criu),
	  .complete = COMPLETE_FILES },
	{ "debug", 0, OPTION_FLAG, NULL, NULL, NULL, "Log each step with the time it took",
	  offsetof(struct oci_globals, debug) },
	{ "log", 0, OPTION_STRING, "file", NULL, NULL,
	  "Append messages to a file (errors go to the standard error, too)",
	  offsetof(struct oci_globals, log_path), .complete = COMPLETE_FILES },
	{ "log-format", 0, OPTION_STRING, "format", NULL, NULL, "Format of messages: text or json",
	  offsetof(struct oci_globals, log_format), .complete = COMPLETE_WORDS,
	  .words = "text json" },
	{ "root", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Where the state of containers is kept (" OCI_STATE_PATH "; for others than root "
	  "onggi-runtime in $XDG_RUNTIME_DIR)",
	  offsetof(struct oci_globals, root_path), .complete = COMPLETE_DIRECTORIES },
	{ "rootless", 0, OPTION_STRING, "mode", NULL, NULL,
	  "Do without control groups that we may not make: true, false, or auto (not for root)",
	  offsetof(struct oci_globals, rootless), .complete = COMPLETE_WORDS,
	  .words = "auto false true" },
	{ "systemd-cgroup", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Have systemd make control groups: linux.cgroupsPath is slice:prefix:name",
	  offsetof(struct oci_globals, systemd_cgroup) },
	{ "version", 'v', OPTION_FLAG, NULL, NULL, NULL, "Print the version and exit",
	  offsetof(struct oci_globals, wants_version) },
	{ 0 },
};
const struct option_tables oci_global_options = { { global_rows } };

const struct oci_verb *const oci_verbs[] = {
	&oci_checkpoint, &oci_completion, &oci_create,  &oci_delete, &oci_events,
	&oci_exec,       &oci_features,   &oci_kill,    &oci_list,   &oci_man,
	&oci_pause,      &oci_ps,         &oci_restore, &oci_resume, &oci_run,
	&oci_spec,       &oci_start,      &oci_state,   &oci_update, NULL,
};

/* runc's and crun's: refused by name, so that nobody takes silence for success. */
static const char *const unsupported[] = { "mounts" };

static void globals_done(struct oci_globals *globals)
{
	free(globals->root_path);
	free(globals->log_path);
	free(globals->log_format);
	free(globals->rootless);
	free(globals->criu);
	free(globals->cgroup_manager);
}

/* For an ordinary user, and for root of a user's namespace, unless it poses as root altogether. */
static bool has_state_of_its_own(const struct rights *rights)
{
	const char *user = getenv("USER");
	return geteuid() != 0 ||
	       (!rights->privilege.is_initial && (user == NULL || strcmp(user, "root") != 0));
}

static char *default_state_path(const struct rights *rights)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	if (runtime_dir == NULL || runtime_dir[0] != '/' || !has_state_of_its_own(rights))
		return mem_strdup(OCI_STATE_PATH);
	char *path = mem_printf("%s/" OCI_PROGRAM, runtime_dir);
	/* Sticky: what is not looked at for long may be removed there. Source: XDG Base Directory
	 * Specification */
	if (mkdir(path, 0700) == 0)
		(void)chmod(path, 01700);
	return path;
}

static int read_cgroups(struct oci_globals *globals, struct err *err)
{
	static const char *const words[] = {
		[BUNDLE_CGROUPS_OURS] = "cgroupfs",
		[BUNDLE_CGROUPS_SYSTEMD] = "systemd",
		[BUNDLE_CGROUPS_NONE] = "disabled",
	};
	const char *word = globals->cgroup_manager;
	if (word == NULL)
		word = words[globals->systemd_cgroup ? BUNDLE_CGROUPS_SYSTEMD
						     : BUNDLE_CGROUPS_OURS];
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		globals->cgroups = (enum bundle_cgroups)i;
		if (globals->systemd_cgroup && i != BUNDLE_CGROUPS_SYSTEMD)
			return err_set(
				err, ERR_INVALID,
				"--systemd-cgroup and --cgroup-manager=%s contradict each other",
				word);
		return 0;
	}
	return err_set(err, ERR_INVALID,
		       "--cgroup-manager=%s: cgroupfs, systemd or disabled expected", word);
}

static int complete_globals(struct oci_globals *globals, struct err *err)
{
	if (rights_read(globals->rootless, &globals->rights, err) < 0 ||
	    read_cgroups(globals, err) < 0)
		return -1;
	if (globals->root_path == NULL)
		globals->root_path = default_state_path(&globals->rights);
	return 0;
}

static int find_verb(const char *name, const struct oci_verb **out, struct err *err)
{
	for (const struct oci_verb *const *verb = oci_verbs; *verb != NULL; verb++) {
		if (strcmp((*verb)->name, name) != 0)
			continue;
		*out = *verb;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(unsupported); i++)
		if (strcmp(unsupported[i], name) == 0)
			return err_set(err, ERR_UNSUPPORTED, "'%s' is not yet supported", name);
	return err_set(err, ERR_NOT_FOUND, "No help topic for '%s'", name);
}

struct bundle_home oci_home(const struct oci_globals *globals)
{
	return (struct bundle_home){
		.state_path = globals->root_path,
		.rights = globals->rights,
		.cgroups = globals->cgroups,
		.diagnose = exec_diagnose,
		.debug = globals->debug ? oci_log_debug : NULL,
	};
}

static int print(const struct buf *text)
{
	struct err err = { 0 };
	if (output_write(text, &err) == 0)
		return 0;
	oci_log_error(&err);
	return OCI_FAILED;
}

static int print_help(const struct oci_verb *verb)
{
	AUTO(struct buf, buf_done) text = { 0 };
	unsigned width = output_width(STDOUT_FILENO, 80);
	if (verb != NULL)
		oci_help_verb(&text, verb, width);
	else
		oci_help_program(&text, width);
	return print(&text);
}

static int print_version(void)
{
	AUTO(struct buf, buf_done) text = { 0 };
	/* Engines read these three lines; releases are not told apart by anything finer. */
	buf_addf(&text, "%s version %s\ncommit: v%s\nspec: %s\n", program_invocation_short_name,
		 ONGGI_VERSION, ONGGI_VERSION, BUNDLE_OCI_VERSION);
	return print(&text);
}

static int fail(const struct err *err)
{
	oci_log_error(err);
	return OCI_FAILED;
}

/* runc's status where there is no such command. */
static int fail_to_find(const struct err *err)
{
	fail(err);
	return err->kind == ERR_NOT_FOUND ? OCI_NO_COMMAND : OCI_FAILED;
}

static int fail_verb(const struct oci_verb *verb, struct err *err)
{
	if (verb->failed_what != NULL)
		err_context(err, "%s", verb->failed_what);
	fail(err);
	return verb->failed_status != 0 ? verb->failed_status : OCI_FAILED;
}

static int check_operands(const struct oci_verb *verb, const char *command, size_t len,
			  struct err *err)
{
	unsigned max = verb->operands_max != 0 ? verb->operands_max : verb->operands_len;
	if (len >= verb->operands_len && len <= max)
		return 0;
	bool is_more = len > verb->operands_len;
	const char *how = max == verb->operands_len ? "exactly"
			  : is_more                 ? "a maximum of"
						    : "a minimum of";
	err_set(err, ERR_INVALID, "\"%s\" requires %s %u argument(s)", command, how,
		is_more ? max : verb->operands_len);
	return verb->operands != NULL ? err_hint(err, "they are %s", verb->operands) : -1;
}

static int run_with_input(const struct oci_globals *globals, const struct oci_verb *verb,
			  char *const *args, void *input)
{
	AUTO(struct strv, strv_done) operands = { 0 };
	AUTO_FREE char *command = mem_printf(OCI_PROGRAM " %s", verb->name);
	struct err err = { 0 };
	int outcome = option_parse(&verb->options, command, verb->stops_at_operand, args, input,
				   &operands, &err);
	if (outcome == OPTION_WANTS_HELP)
		return print_help(verb);
	if (outcome < 0 || check_operands(verb, command, operands.len, &err) < 0)
		return fail(&err);
	int status = verb->run(globals, input, &operands, &err);
	return status >= 0 ? status : fail_verb(verb, &err);
}

static int run_verb(struct oci_globals *globals, char *const *words)
{
	const struct oci_verb *verb = NULL;
	struct err err = { 0 };
	if (complete_globals(globals, &err) < 0)
		return fail(&err);
	if (find_verb(words[0], &verb, &err) < 0)
		return fail_to_find(&err);
	AUTO_FREE void *input = mem_alloc(1, verb->input_size);
	int status = run_with_input(globals, verb, words + 1, input);
	if (verb->done != NULL)
		verb->done(input);
	return status;
}

static int run_help(char *const *words)
{
	const struct oci_verb *verb = NULL;
	struct err err = { 0 };
	if (words[0] != NULL && find_verb(words[0], &verb, &err) < 0)
		return fail_to_find(&err);
	return print_help(verb);
}

int oci_main(char *const *args)
{
	AUTO(struct oci_globals, globals_done) globals = { 0 };
	AUTO(struct strv, strv_done) words = { 0 };
	struct err err = { 0 };
	warn_to(oci_log_warning);
	int outcome = option_parse(&oci_global_options, OCI_PROGRAM, true, args + 1, &globals,
				   &words, &err);
	struct err log_err = { 0 };
	if (oci_log_open(&globals, &log_err) < 0)
		return fail(&log_err);
	if (outcome < 0)
		return fail(&err);
	if (globals.wants_version)
		return print_version();
	if (outcome == OPTION_WANTS_HELP || words.len == 0)
		return print_help(NULL);
	if (strcmp(words.items[0], "help") == 0)
		return run_help(words.items + 1);
	return run_verb(&globals, words.items);
}
