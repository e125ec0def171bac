/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run, from beginning to end. Order matters for what a kill at any moment leaves: the record with
 * the cgroup's path is written before the cgroup is made, the lock is held until everything is
 * gone, and everything else (mounts, namespaces) belongs to processes that die with us.
 */
#include "engine/run.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/exec_diagnosis.h"
#include "engine/run/draft.h"
#include "engine/run/files.h"
#include "engine/run/skeleton.h"
#include "engine/run/sources.h"
#include "kernel/seccomp/seccomp.h"
#include "runtime/attend.h"
#include "runtime/boot/explain.h"
#include "runtime/boot/trace.h"
#include "runtime/seal.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { EXTRA_DECIDE, EXTRA_RECORD, EXTRA_SECCOMP, EXTRA_CLEAN_UP, EXTRA_COUNT };

struct run {
	struct engine *engine;
	const struct run_options *options;
	struct run_draft draft;
	struct container_lease lease;
	struct stdio stdio;
	struct boot_plan plan;
	struct boot boot;
	bool has_plan, has_boot, has_record;
	int program_fd; /* from seal_prepare() */
	struct boot_trace_extra extras[EXTRA_COUNT];
};

static void extra_begin(struct run *run, int which, const char *name)
{
	run->extras[which].name = name;
	run->extras[which].start_ns = clock_monotonic_ns();
}

static void extra_end(struct run *run, int which)
{
	run->extras[which].end_ns = clock_monotonic_ns();
}

static int load_seccomp(struct run_draft *draft, int cache_fd, struct err *err)
{
	if (draft->seccomp_profile == NULL)
		return 0;
	const struct spec_process *process = &draft->spec.process;
	struct seccomp_context context = {
		.caps = process->has_caps ? process->caps.bounding : caps_all(),
	};
	struct seccomp_program program = { 0 };
	if (seccomp_load_or_compile(cache_fd, draft->seccomp_profile, &context, &program, err) < 0)
		return draft->options->seccomp_path != NULL
			       ? err_context(err, "%s", draft->options->seccomp_path)
			       : -1;
	draft->spec.seccomp.filter = program.filter;
	draft->spec.seccomp.len = program.len;
	draft->spec.seccomp.flags = program.flags;
	return 0;
}

static int load_cached_seccomp(struct run *run, struct err *err)
{
	AUTO_FD cache_fd = file_open_dir(run->engine->store.root_fd, "seccomp", 0700, err);
	if (cache_fd < 0)
		return -1;
	return load_seccomp(&run->draft, cache_fd, err);
}

static int write_cidfile(const struct run *run, struct err *err)
{
	const char *path = run->options->cidfile;
	if (path == NULL)
		return 0;
	AUTO_FD fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT,
			       "container ID file found, make sure the other container isn't "
			       "running or delete %s",
			       path);
	if (fd < 0 || fd_write_all(fd, run->draft.container.id, ID_LEN) < 0)
		return err_sys(err, "write container ID file %s", path);
	return 0;
}

/* A name that is taken may belong to a container whose monitor was killed: look once. */
static int create_record(struct run *run, struct err *err)
{
	const struct store *store = &run->engine->store;
	struct run_draft *draft = &run->draft;
	struct err first = { 0 };
	if (container_create(store, &draft->container, draft->has_image, &run->lease, &first) == 0)
		return 0;
	if (first.kind == ERR_CONFLICT && engine_recover(run->engine, NULL) == 0)
		return container_create(store, &draft->container, draft->has_image, &run->lease,
					err);
	if (err != NULL)
		*err = first;
	return -1;
}

static int record(struct run *run, struct err *err)
{
	struct run_draft *draft = &run->draft;
	draft->container.monitor_pid = getpid();
	if (create_record(run, err) < 0)
		return -1;
	run->has_record = true;
	if (draft->has_image && skeleton_ensure(&run->engine->store, err) < 0)
		return -1;
	return run_files_write(draft, run->lease.run_dir_fd, err);
}

static int seal(struct run *run, struct err *err)
{
	const char *libexec_path = run->engine->libexec_path;
	if (!boot_child_has_rights(&run->draft.spec))
		return seal_program(libexec_path, err);
	if (seal_prepare(libexec_path, &run->program_fd, err) < 0)
		return -1;
	run->draft.boot.program_fd = &run->program_fd;
	run->draft.boot.leaves_program = run->program_fd >= 0;
	return 0;
}

static int prepare(struct run *run, struct err *err)
{
	const struct run_options *options = run->options;
	if (options->tty && options->interactive && !isatty(STDIN_FILENO))
		return err_set(err, ERR_INVALID, "the input device is not a TTY");
	extra_begin(run, EXTRA_DECIDE, "decide");
	if (run_draft_make(run->engine, options, RUN_DRAFT_RUN, &run->draft, err) < 0)
		return -1;
	if (seal(run, err) < 0)
		return -1;
	extra_end(run, EXTRA_DECIDE);
	extra_begin(run, EXTRA_SECCOMP, "find seccomp program");
	if (load_cached_seccomp(run, err) < 0)
		return -1;
	extra_end(run, EXTRA_SECCOMP);
	if (boot_plan_make(&run->draft.spec, &run->draft.boot, &run->plan, err) < 0)
		return -1;
	run->has_plan = true;
	return run_sources_prepare(options, err);
}

static int start(struct run *run, struct err *err)
{
	const struct run_options *options = run->options;
	extra_begin(run, EXTRA_RECORD, "record the intent");
	if (record(run, err) < 0 || write_cidfile(run, err) < 0)
		return -1;
	extra_end(run, EXTRA_RECORD);
	if (boot_init(&run->boot, &run->plan, &run->draft.cgroups, options->trace != RUN_TRACE_NONE,
		      err) < 0)
		return -1;
	run->has_boot = true;
	run->boot.diagnose = exec_diagnose;
	struct stdio_options wanted = {
		.tty = options->tty,
		.interactive = options->interactive && options->attach_stdin,
		.attach_stdout = options->attach_stdout,
		.attach_stderr = options->attach_stderr,
	};
	return attend_start(&run->boot, &run->stdio, &wanted, err);
}

static int save_started(struct run *run, struct err *err)
{
	struct container *container = &run->draft.container;
	container->status = CONTAINER_RUNNING;
	container->pid = run->boot.pid;
	container->started_ns = clock_realtime_ns();
	return container_save(&run->engine->store, &run->lease, container, err);
}

static void read_oom(struct run *run, struct run_result *out)
{
	struct cgroup_stats stats = { 0 };
	if (run->boot.has_cgroup && out->exit_code != 0)
		cgroup_read_stats(&run->boot.cgroup, &stats);
	out->is_oom_killed = stats.oom_kills > 0;
	run->draft.container.is_oom_killed = out->is_oom_killed;
}

/* A container that never ran is not kept, and neither is its cidfile: nothing is left behind. */
static void forget(struct run *run, bool has_started)
{
	struct container *container = &run->draft.container;
	if (!run->has_record)
		return;
	if (has_started && !run->options->is_throwaway) {
		container_save(&run->engine->store, &run->lease, container, NULL);
		container_lease_done(&run->lease);
		return;
	}
	if (!has_started && run->options->cidfile != NULL)
		unlink(run->options->cidfile);
	container_remove(&run->engine->store, container->id, &run->lease, NULL);
}

static void write_trace(struct run *run)
{
	static const enum boot_trace_format formats[] = {
		[RUN_TRACE_TREE] = BOOT_TRACE_TREE,
		[RUN_TRACE_JSON] = BOOT_TRACE_JSON,
		[RUN_TRACE_PERFETTO] = BOOT_TRACE_PERFETTO,
	};
	if (run->options->trace == RUN_TRACE_NONE || !run->has_boot)
		return;
	AUTO(struct buf, buf_done) text = { 0 };
	boot_trace_format(&run->boot, run->extras, EXTRA_COUNT, formats[run->options->trace],
			  &text);
	fd_write_all(run->options->trace_fd, buf_str(&text), text.len);
}

static void clean_up(struct run *run, bool has_started)
{
	extra_begin(run, EXTRA_CLEAN_UP, "clean up");
	if (run->has_boot) {
		boot_stop(&run->boot);
		stdio_done(&run->stdio);
	}
	forget(run, has_started);
	extra_end(run, EXTRA_CLEAN_UP);
	write_trace(run);
	if (run->has_boot)
		boot_done(&run->boot);
	if (run->has_plan)
		boot_plan_done(&run->plan);
	run_draft_done(&run->draft);
}

static int attend_to_it(struct run *run, struct run_result *out, struct err *err)
{
	struct process_exit how = { 0 };
	if (save_started(run, err) < 0)
		return -1;
	/* Others may have died without cleaning up; our container runs already, so this delays
	 * nobody. A failure here is not ours to report. */
	engine_recover(run->engine, NULL);
	if (attend(&run->boot, &run->stdio, run->options->sig_proxy, &how, err) < 0)
		return -1;
	out->exit_code = process_exit_code(&how);
	struct container *container = &run->draft.container;
	container->status = CONTAINER_EXITED;
	container->finished_ns = clock_realtime_ns();
	container->exit_code = out->exit_code;
	container->pid = container->monitor_pid = 0;
	read_oom(run, out);
	return 0;
}

int engine_run(struct engine *engine, const struct run_options *options, struct run_result *out,
	       struct err *err)
{
	struct run run = { .engine = engine, .options = options, .program_fd = -1 };
	run.draft.userns_slot_fd = -1;
	run.stdio = (struct stdio){ .payload_fds = { -1, -1, -1 }, .relay_fds = { -1, -1, -1 } };
	*out = (struct run_result){ .exit_code = 125 };
	sigset_t saved;
	attend_block_signals(&saved);
	int result = prepare(&run, err);
	if (result == 0) {
		memcpy(out->id, run.draft.container.id, sizeof(out->id));
		result = start(&run, err);
		if (result < 0 && run.has_boot)
			out->exit_code = run.boot.board->exit_code;
	}
	if (result == 0) {
		out->has_started = true;
		result = attend_to_it(&run, out, err);
	}
	clean_up(&run, out->has_started);
	fd_close(&run.program_fd);
	attend_restore_signals(&saved);
	return result;
}

char *engine_explain(struct engine *engine, const struct run_options *options, bool json,
		     struct err *err)
{
	AUTO(struct run_draft, run_draft_done) draft = { .userns_slot_fd = -1 };
	if (run_draft_make(engine, options, RUN_DRAFT_EXPLAIN, &draft, err) < 0)
		return NULL;
	AUTO(struct boot_plan, boot_plan_done) plan = { 0 };
	draft.boot.leaves_program = boot_child_has_rights(&draft.spec) && seal_is_for_child();
	/* Without the cache: explaining writes nothing. */
	if (load_seccomp(&draft, -1, err) < 0 ||
	    boot_plan_make(&draft.spec, &draft.boot, &plan, err) < 0)
		return NULL;
	struct buf text = { 0 };
	if (json)
		boot_explain_json(&plan, &text);
	else
		boot_explain_text(&plan, &text);
	return buf_take(&text);
}
