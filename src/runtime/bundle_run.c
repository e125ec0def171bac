/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run, for bundles. What a kill at any moment leaves: the record with the control group's path is
 * written before the group is made, the lock is held until everything is gone, and all else belongs
 * to processes that die with us. It decides nothing that the configuration or its caller decides.
 */
#include "runtime/bundle_run.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/warn.h"
#include "kernel/proc/tty.h"
#include "kernel/seccomp/seccomp.h"
#include "runtime/attend.h"
#include "runtime/boot/hooks.h"
#include "runtime/boot/trace.h"
#include "runtime/bundle.h"
#include "runtime/bundle_state.h"
#include "runtime/seal.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

struct bundle_run {
	const struct bundle_run_options *options;
	struct bundle bundle;
	struct bundle_state state;
	struct cgroup_layout cgroups;
	struct boot_options boot_options;
	struct boot_plan plan;
	struct boot boot;
	struct stdio stdio;
	bool has_state, has_plan, has_boot;
};

static char *state_json(const void *context, const char *status, pid_t pid)
{
	const struct bundle_run *run = context;
	struct buf out = { 0 };
	const struct spec *spec = &run->bundle.spec;
	buf_add_char(&out, '{');
	json_add_str(&out, "ociVersion", BUNDLE_OCI_VERSION);
	json_add_str(&out, "id", run->options->id);
	json_add_str(&out, "status", status);
	if (pid > 0)
		json_add_int(&out, "pid", pid);
	json_add_str(&out, "bundle", run->bundle.path);
	if (spec->annotations.len > 0)
		json_add_map(&out, "annotations", &spec->annotations);
	json_add_str(&out, "cgroupsPath", spec->cgroups_path);
	buf_add_char(&out, '}');
	return buf_take(&out);
}

static int load_seccomp(struct bundle_run *run, struct err *err)
{
	struct spec *spec = &run->bundle.spec;
	if (run->bundle.seccomp_json == NULL)
		return 0;
	AUTO_FD cache_fd = file_open_dir(run->state.root_fd, "seccomp", 0700, err);
	if (cache_fd < 0)
		return -1;
	struct seccomp_context context = { .caps = spec->process.caps.bounding };
	struct seccomp_program program = { 0 };
	if (seccomp_load_or_compile(cache_fd, run->bundle.seccomp_json, &context, &program, err) <
	    0)
		return err_context(err, "config.json: linux.seccomp");
	spec->seccomp.filter = program.filter;
	spec->seccomp.len = program.len;
	spec->seccomp.flags = program.flags;
	return 0;
}

static int make_plan(struct bundle_run *run, struct err *err)
{
	struct spec *spec = &run->bundle.spec;
	bool has_mount_ns = spec->namespaces[NS_MOUNT].is_used;
	spec->root_change = run->options->no_pivot || !has_mount_ns ? SPEC_ROOT_CHROOT
								    : SPEC_ROOT_PIVOT;
	if (run->options->no_new_keyring)
		spec->has_new_keyring = false;
	run->boot_options = (struct boot_options){
		.root = { .path = spec->root_path },
		.uses_console = spec->process.terminal,
		.is_cgroup_v2 = run->cgroups.mode == CGROUP_V2,
		.dies_with_parent = true,
		.make_workdir = spec->process.cwd != NULL && strcmp(spec->process.cwd, "/") != 0,
		.finds_home = strv_env_get(&spec->process.env, "HOME") == NULL,
		.hook_state = state_json,
		.hook_context = run,
	};
	if (boot_plan_make(spec, &run->boot_options, &run->plan, err) < 0)
		return err_context(err, "config.json");
	run->has_plan = true;
	return 0;
}

/* The console is born with the size of the caller's terminal: a payload that asks at once would
 * otherwise find none. */
static int check_terminal(struct spec_process *process, struct err *err)
{
	if (!process->terminal)
		return 0;
	if (!isatty(STDIN_FILENO))
		return err_set(
			err, ERR_INVALID,
			"config.json: process.terminal: the standard input is not a terminal");
	if (process->console_rows == 0)
		tty_get_size(STDIN_FILENO, &process->console_rows, &process->console_columns, NULL);
	return 0;
}

static int prepare(struct bundle_run *run, struct err *err)
{
	const struct bundle_run_options *options = run->options;
	if (bundle_open(options->bundle_path, options->config_name, options->id, &run->bundle,
			err) < 0)
		return -1;
	if (seal_for(&run->bundle.spec, NULL, err) < 0 ||
	    check_terminal(&run->bundle.spec.process, err) < 0)
		return -1;
	if (cgroup_layout_detect(&run->cgroups, err) < 0)
		return -1;
	if (run->cgroups.mode == CGROUP_NONE)
		return err_set(err, ERR_UNSUPPORTED, "no writable cgroup hierarchy is mounted");
	if (bundle_state_take(options->state_path, options->id, &run->cgroups, &run->state, err) <
	    0)
		return -1;
	run->has_state = true;
	return load_seccomp(run, err) < 0 ? -1 : make_plan(run, err);
}

/* A record names what may be removed if we are killed: never a group that others are in. The
 * group named after the id is covered by the lock. */
static int check_cgroup_is_free(struct bundle_run *run, struct err *err)
{
	const char *path = run->bundle.spec.cgroups_path;
	if (strcmp(path + 1, run->options->id) == 0)
		return 0;
	struct cgroup cgroup;
	if (cgroup_open(&run->cgroups, path, &cgroup, err) < 0)
		return err_context(err, "config.json: linux.cgroupsPath");
	long count = cgroup_count(&cgroup, err);
	cgroup_done(&cgroup);
	if (count > 0)
		return err_set(err, ERR_CONFLICT,
			       "config.json: linux.cgroupsPath: %s has %ld processes", path, count);
	return count < 0 ? -1 : 0;
}

static int start(struct bundle_run *run, struct err *err)
{
	if (check_cgroup_is_free(run, err) < 0)
		return -1;
	AUTO_FREE char *record = state_json(run, "creating", 0);
	if (bundle_state_save(&run->state, record, err) < 0)
		return -1;
	if (boot_init(&run->boot, &run->plan, &run->cgroups, run->options->debug != NULL, err) < 0)
		return -1;
	run->has_boot = true;
	run->boot.diagnose = run->options->diagnose;
	struct stdio_options wanted = {
		.tty = run->boot_options.uses_console,
		.interactive = true,
		.attach_stdout = true,
		.attach_stderr = true,
	};
	if (stdio_open(&run->stdio, &wanted, err) < 0)
		return -1;
	memcpy(run->boot.stdio_fds, run->stdio.payload_fds, sizeof(run->boot.stdio_fds));
	return boot_start(&run->boot, err);
}

/* Whole or not at all: who waits for the file reads it as soon as it is there. */
static int write_pid_file(const struct bundle_run *run, struct err *err)
{
	if (run->options->pid_file == NULL)
		return 0;
	AUTO_FREE char *for_dir = mem_strdup(run->options->pid_file);
	AUTO_FREE char *for_name = mem_strdup(run->options->pid_file);
	const char *dir = dirname(for_dir);
	AUTO_FREE char *text = mem_printf("%d", (int)run->boot.pid);
	AUTO_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "pid file: open directory %s", dir);
	if (file_replace(dir_fd, basename(for_name), text, strlen(text), 0644, FILE_VOLATILE, err) <
	    0)
		return err_context(err, "pid file");
	return 0;
}

static int run_poststart_hooks(const struct bundle_run *run, struct err *err)
{
	if (run->bundle.spec.hooks[SPEC_HOOK_POSTSTART].len == 0)
		return 0;
	AUTO_FREE char *state = state_json(run, "running", run->boot.pid);
	return hooks_run(&run->bundle.spec, SPEC_HOOK_POSTSTART, state, err);
}

/* The container is gone whatever they do: a failure is a warning, and the next one is run. */
static void run_poststop_hooks(const struct bundle_run *run)
{
	const struct spec *spec = &run->bundle.spec;
	AUTO_FREE char *state = state_json(run, "stopped", 0);
	for (size_t i = 0; i < spec->hooks[SPEC_HOOK_POSTSTOP].len; i++) {
		struct err err = { 0 };
		if (hook_run(&spec->hooks[SPEC_HOOK_POSTSTOP].items[i], state, &err) < 0)
			warn_say("poststop[%zu]: %s", i, err.text);
	}
}

static int attend_to_it(struct bundle_run *run, int *out_exit_code, struct err *err)
{
	struct process_exit how = { 0 };
	if (write_pid_file(run, err) < 0 || run_poststart_hooks(run, err) < 0)
		return -1;
	/* Our container runs already, so this delays nobody. */
	bundle_state_sweep(&run->state, &run->cgroups);
	if (attend(&run->boot, &run->stdio, true, &how, err) < 0)
		return -1;
	*out_exit_code = process_exit_code(&how);
	return 0;
}

static void tell_steps(const struct bundle_run *run)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (run->options->debug == NULL || !run->has_boot)
		return;
	boot_trace_format(&run->boot, NULL, 0, BOOT_TRACE_TREE, &text);
	char *next = text.data;
	for (char *line; (line = strsep(&next, "\n")) != NULL;)
		if (line[0] != '\0')
			run->options->debug(line);
}

static void clean_up(struct bundle_run *run)
{
	if (run->has_boot) {
		boot_stop(&run->boot);
		stdio_done(&run->stdio);
		run_poststop_hooks(run);
	}
	if (run->has_state)
		bundle_state_drop(&run->state);
	tell_steps(run);
	if (run->has_boot)
		boot_done(&run->boot);
	if (run->has_plan)
		boot_plan_done(&run->plan);
	bundle_done(&run->bundle);
	bundle_state_done(&run->state);
}

int bundle_run(const struct bundle_run_options *options, int *out_exit_code, struct err *err)
{
	struct bundle_run run = {
		.options = options,
		.state = { .root_fd = -1, .locks_fd = -1, .state_fd = -1, .lock_fd = -1 },
		.stdio = { .payload_fds = { -1, -1, -1 }, .relay_fds = { -1, -1, -1 } },
	};
	sigset_t saved;
	attend_block_signals(&saved);
	int result = prepare(&run, err);
	if (result == 0)
		result = start(&run, err);
	if (result == 0)
		result = attend_to_it(&run, out_exit_code, err);
	clean_up(&run);
	attend_restore_signals(&saved);
	return result;
}
