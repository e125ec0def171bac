/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: a further process in a container. It is the container's in everything: namespaces, control
 * group, filter, identity; what the caller gives by options or by a file changes only the process.
 * Nothing is on record about it, and nothing of ours stays but, in the foreground, we ourselves.
 */
#include "runtime/bundle/verbs.h"

#include "base/mem.h"
#include "kernel/proc/tty.h"
#include "oci/spec_parse.h"
#include "runtime/attend.h"
#include "runtime/boot/trace.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/document.h"
#include "runtime/bundle/exec_process.h"
#include "runtime/bundle/filter.h"
#include "runtime/bundle/hand_over.h"
#include "runtime/libexec.h"
#include "runtime/seal.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct exec {
	const struct bundle_home *home;
	const struct bundle_exec_options *options;
	struct record record;
	struct bundle bundle;
	struct cgroup_layout cgroups;
	struct boot_target target;
	int init_fd;
	struct boot_options boot_options;
	struct boot_plan plan;
	struct boot boot;
	struct stdio stdio;
	bool has_plan, has_boot;
};

static int check_status(struct exec *self, struct err *err)
{
	enum bundle_status status;
	if (record_status(&self->record, &self->cgroups, &status, &self->init_fd, err) < 0)
		return -1;
	switch (status) {
	case BUNDLE_STOPPED:
	case BUNDLE_CREATING:
		return err_set(err, ERR_CONFLICT, "cannot exec in a stopped container");
	case BUNDLE_PAUSED:
		if (!self->options->ignore_paused)
			return err_set(err, ERR_CONFLICT,
				       "cannot exec in a paused container (use --ignore-paused to "
				       "override)");
		return 0;
	default:
		return 0;
	}
}

static int check_terminal(const struct exec *self, struct spec_process *process, struct err *err)
{
	const struct bundle_exec_options *options = self->options;
	if (hand_over_check_console(process->terminal, options->detach, options->console_socket,
				    err) < 0)
		return -1;
	if (!process->terminal || options->detach)
		return 0;
	if (process->console_rows == 0)
		tty_get_size(STDIN_FILENO, &process->console_rows, &process->console_columns, NULL);
	return 0;
}

/* The row of the boot before the process is left alone. */
static int hand_over(void *context, pid_t pid, int pidfd, struct err *err)
{
	const struct exec *self = context;
	const struct bundle_exec_options *options = self->options;
	if (options->pidfd_socket != NULL &&
	    hand_over_fd(options->pidfd_socket, "pidfd", pidfd, err) < 0)
		return -1;
	if (options->pid_file != NULL && hand_over_pid(options->pid_file, pid, err) < 0)
		return -1;
	if (options->console_socket != NULL && self->boot.console_fd >= 0)
		return hand_over_fd(options->console_socket, "/dev/ptmx", self->boot.console_fd,
				    err);
	return 0;
}

/* For the listener of the container's filter: the state of the container, not of this process. */
static char *listener_document(const void *context, const char *status UNUSED, pid_t pid UNUSED)
{
	const struct exec *self = context;
	return document_of(&self->record, "running", self->record.facts.init.pid);
}

static bool wants_hand_over(const struct bundle_exec_options *options)
{
	return options->detach || options->pid_file != NULL || options->pidfd_socket != NULL;
}

static int make_plan(struct exec *self, struct err *err)
{
	const struct bundle_exec_options *options = self->options;
	const struct spec_process *process = &self->bundle.spec.process;
	self->target = (struct boot_target){
		.pid = self->record.facts.init.pid,
		.pidfd = self->init_fd,
		.has_chroot = self->record.facts.has_chroot,
		.cgroups = &options->cgroups,
		.unit = self->record.facts.unit.unit != NULL ? &self->record.facts.unit : NULL,
	};
	self->boot_options = (struct boot_options){
		.uses_console = process->terminal,
		.is_unprivileged = !self->home->rights.privilege.has_sys_admin,
		.is_cgroup_v2 = self->cgroups.mode == CGROUP_V2,
		.finds_home = strv_env_get(&process->env, "HOME") == NULL,
		.preserve_fds = options->preserve_fds,
		.record = wants_hand_over(options) ? hand_over : NULL,
		.record_context = self,
		.hook_state = listener_document,
		.hook_context = self,
	};
	if (boot_plan_make_exec(&self->bundle.spec, &self->boot_options, &self->target, &self->plan,
				err) < 0)
		return -1;
	self->has_plan = true;
	return 0;
}

/* CRIU gives what it restores a time namespace, so that its clocks go on; /proc/PID/ns shows it. */
static int follow_restored(struct exec *self, struct err *err)
{
	if (!self->record.facts.is_restored)
		return 0;
	AUTO_FD theirs_fd = ns_open_pid(NS_TIME, self->record.facts.init.pid, err);
	AUTO_FD ours_fd = ns_open_pid(NS_TIME, getpid(), err);
	struct stat theirs, ours;
	if (theirs_fd < 0 || ours_fd < 0)
		return -1;
	if (fstat(theirs_fd, &theirs) == 0 && fstat(ours_fd, &ours) == 0 &&
	    theirs.st_ino != ours.st_ino)
		self->bundle.spec.namespaces[NS_TIME].is_used = true;
	return 0;
}

static int prepare(struct exec *self, struct err *err)
{
	const struct bundle_exec_options *options = self->options;
	/* An ordinary user may need the worker (inner_join_scope), which is not found later. */
	AUTO_FREE char *libexec_path = self->home->rights.privilege.has_sys_admin
					       ? NULL
					       : libexec_find(NULL);
	/* First: sealing begins the program anew, and the process file may be a pipe. */
	if (seal_program(libexec_path, err) < 0 ||
	    hand_over_check_fds(options->preserve_fds, err) < 0 ||
	    record_open(self->home->state_path, options->id, false, &self->record, err) < 0 ||
	    cgroup_layout_detect(self->record.facts.cgroup_path, &self->cgroups, err) < 0 ||
	    check_status(self, err) < 0 || bundle_reopen(&self->record, &self->bundle, err) < 0 ||
	    follow_restored(self, err) < 0 ||
	    exec_process_change(options, &self->bundle.spec, err) < 0 ||
	    check_terminal(self, &self->bundle.spec.process, err) < 0 ||
	    filter_load(&self->bundle, self->record.root_fd, err) < 0)
		return -1;
	return make_plan(self, err);
}

static int start(struct exec *self, struct err *err)
{
	if (boot_init(&self->boot, &self->plan, &self->cgroups, self->home->debug != NULL, err) < 0)
		return -1;
	self->has_boot = true;
	self->boot.diagnose = self->home->diagnose;
	struct stdio_options wanted = {
		.tty = self->boot_options.uses_console,
		.is_direct = self->options->detach,
		.interactive = true,
		.attach_stdout = true,
		.attach_stderr = true,
	};
	return attend_start(&self->boot, &self->stdio, &wanted, err);
}

static int run(struct exec *self, int *out_exit_code, struct err *err)
{
	struct process_exit how = { 0 };
	if (prepare(self, err) < 0 || start(self, err) < 0)
		return -1;
	if (self->options->detach) {
		*out_exit_code = 0;
		return 0;
	}
	if (attend(&self->boot, &self->stdio, true, &how, err) < 0)
		return -1;
	*out_exit_code = process_exit_code(&how);
	return 0;
}

static void done(struct exec *self)
{
	stdio_done(&self->stdio);
	if (self->has_boot) {
		boot_trace_tell(&self->boot, self->home->debug);
		boot_done(&self->boot);
	}
	if (self->has_plan)
		boot_plan_done(&self->plan);
	bundle_done(&self->bundle);
	fd_close(&self->init_fd);
	record_close(&self->record);
}

int bundle_exec(const struct bundle_home *home, const struct bundle_exec_options *options,
		int *out_exit_code, struct err *err)
{
	struct exec self = {
		.home = home,
		.options = options,
		.record = RECORD_INIT,
		.init_fd = -1,
		.stdio = { .payload_fds = { -1, -1, -1 }, .relay_fds = { -1, -1, -1 } },
	};
	sigset_t saved;
	attend_block_signals(&saved);
	int result = run(&self, out_exit_code, err);
	done(&self);
	attend_restore_signals(&saved);
	return result;
}
