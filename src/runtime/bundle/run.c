/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run: create and start in one. In the foreground the payload dies with us, and what is left is
 * taken away by the next command that is told to make a container; detached it is left alone as
 * soon as its program has begun. A restore is a run that begins with images.
 */
#include "runtime/bundle/verbs.h"

#include "runtime/attend.h"
#include "runtime/boot/hooks.h"
#include "runtime/bundle/document.h"
#include "runtime/bundle/hand_over.h"
#include "runtime/bundle/launch.h"
#include "runtime/bundle/notify.h"

#include <unistd.h>

static int run_poststart_hooks(const struct launch *self, struct err *err)
{
	/* What is restored has started long ago. */
	if (self->bundle.spec.hooks[SPEC_HOOK_POSTSTART].len == 0 || self->options->restore != NULL)
		return 0;
	AUTO_FREE char *state = document_of(&self->record, "running", self->boot.pid);
	return hooks_run(&self->bundle.spec, SPEC_HOOK_POSTSTART, state, err);
}

/* Others may look at it and stop it from now on. */
static int show(struct launch *self, struct err *err)
{
	struct record *record = &self->record;
	if (process_mark_take(self->boot.pid, &record->facts.init, NULL) < 0)
		return 0; /* so short a life needs no record */
	if (launch_save(self, err) < 0)
		return -1;
	return launch_send_pidfd(self, self->boot.pidfd, err);
}

/* For as long as there is a manager: it may also be told of a reload, or that all is well. */
static void pass_message(struct attend_watch *watch, void *context)
{
	if (notify_pass(context, getpid()) < 0)
		watch->fd = -1;
}

static int attend_to_it(struct launch *self, int *out_exit_code, struct err *err)
{
	struct process_exit how = { 0 };
	const char *pid_file = self->options->pid_file;
	if (show(self, err) < 0 ||
	    (pid_file != NULL && hand_over_pid(pid_file, self->boot.pid, err) < 0) ||
	    run_poststart_hooks(self, err) < 0)
		return -1;
	record_unlock(&self->record);
	record_sweep(&self->record, &self->cgroups);
	struct attend_watch watch = { .fd = self->notify.socket_fd,
				      .ready = pass_message,
				      .context = &self->notify };
	if (attend_watching(&self->boot, &self->stdio, &watch, &how, err) < 0)
		return -1;
	*out_exit_code = process_exit_code(&how);
	return 0;
}

static int leave_it(struct launch *self, int *out_exit_code, struct err *err)
{
	if (run_poststart_hooks(self, err) < 0)
		return -1;
	record_unmark(&self->record, RECORD_MAKING);
	record_unlock(&self->record);
	record_sweep(&self->record, &self->cgroups);
	notify_await_ready(&self->notify, self->boot.pid, self->boot.pidfd);
	*out_exit_code = 0;
	return 0;
}

/* Its end in the foreground: away with it, or with --keep only when it is deleted. */
static void end(struct launch *self, bool keeps)
{
	if (keeps) {
		boot_leave(&self->boot);
		self->record.facts.monitor.pid = 0;
		record_save(&self->record, NULL);
		return;
	}
	launch_undo(self);
}

static int run(struct launch *self, int *out_exit_code, struct err *err)
{
	if (launch(self, err) < 0)
		return -1;
	int result = self->is_alone ? leave_it(self, out_exit_code, err)
				    : attend_to_it(self, out_exit_code, err);
	if (self->is_alone && result == 0)
		return 0;
	if (record_relock(&self->record, NULL) < 0)
		boot_stop(&self->boot); /* somebody deletes it at this moment */
	else
		end(self, self->options->keep && result == 0);
	return result;
}

int bundle_run(const struct bundle_home *home, const struct bundle_create_options *options,
	       int *out_exit_code, struct err *err)
{
	struct launch self = {
		.home = home, .options = options, .program_fd = -1, .is_alone = options->detach
	};
	sigset_t saved;
	attend_block_signals(&saved);
	int result = run(&self, out_exit_code, err);
	launch_done(&self);
	attend_restore_signals(&saved);
	return result;
}
