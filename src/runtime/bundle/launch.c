/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a bundle to a first process. What a kill at any moment leaves: the record with the control
 * group's path is written before the group is made, and the lock is held until the process is on
 * record, too; the process ends by itself if that does not come. It decides nothing that the
 * configuration or its caller decides.
 */
#include "runtime/bundle/launch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/warn.h"
#include "kernel/proc/tty.h"
#include "kernel/seccomp/seccomp.h"
#include "runtime/attend.h"
#include "runtime/boot/hooks.h"
#include "runtime/boot/trace.h"
#include "runtime/bundle/document.h"
#include "runtime/bundle/filter.h"
#include "runtime/bundle/hand_over.h"
#include "runtime/bundle/restore.h"
#include "runtime/libexec.h"
#include "runtime/seal.h"
#include "sys/fd.h"

#include <string.h>
#include <unistd.h>

static char *hook_document(const void *context, const char *status, pid_t pid)
{
	const struct launch *self = context;
	return document_of(&self->record, status, pid);
}

static int send_console(struct launch *self, struct err *err)
{
	const struct bundle_create_options *options = self->options;
	if (options->console_socket == NULL || self->boot.console_fd < 0)
		return 0;
	return hand_over_fd(options->console_socket, "/dev/ptmx", self->boot.console_fd, err);
}

/* Where a unit's group is, systemd alone knows for sure. */
int launch_save(struct launch *self, struct err *err)
{
	if (self->boot.has_unit) {
		free(self->record.facts.cgroup_path);
		self->record.facts.cgroup_path = mem_strdup(self->boot.cgroup.path);
	}
	return record_save(&self->record, err);
}

int launch_send_pidfd(const struct launch *self, int pidfd, struct err *err)
{
	const char *const sockets[] = { self->options->pidfd_socket,
					self->bundle.spec.pidfd_socket };
	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		if (sockets[i] != NULL && hand_over_fd(sockets[i], "pidfd", pidfd, err) < 0)
			return -1;
	return 0;
}

/* The row of the boot that comes before the process is left alone. */
static int record_process(void *context, pid_t pid, int pidfd, struct err *err)
{
	struct launch *self = context;
	const struct bundle_create_options *options = self->options;
	if (process_mark_take(pid, &self->record.facts.init, err) < 0 || launch_save(self, err) < 0)
		return -1;
	if (launch_send_pidfd(self, pidfd, err) < 0)
		return -1;
	if (options->pid_file != NULL && hand_over_pid(options->pid_file, pid, err) < 0)
		return -1;
	return send_console(self, err);
}

static void fill_boot_options(struct launch *self)
{
	const struct spec *spec = &self->bundle.spec;
	unsigned listen_fds = hand_over_listen_fds();
	self->boot_options = (struct boot_options){
		.root = { .path = spec->root_path },
		.uses_console = spec->process.terminal,
		.is_cgroup_v2 = self->cgroups.mode == CGROUP_V2,
		.scope = self->scope.scope.unit != NULL ? &self->scope : NULL,
		.is_unprivileged = !self->home->rights.privilege.owns_mounts,
		.dies_with_parent = !self->is_alone,
		.make_workdir = spec->process.cwd != NULL && strcmp(spec->process.cwd, "/") != 0,
		.finds_home = strv_env_get(&spec->process.env, "HOME") == NULL,
		.preserve_fds = self->options->preserve_fds + listen_fds,
		.leaves_program = self->program_fd >= 0,
		.program_fd = &self->program_fd,
		.record = self->is_alone ? record_process : NULL,
		.record_context = self,
		.gate = self->waits ? &self->gate : NULL,
		.hook_state = hook_document,
		.hook_context = self,
	};
	if (listen_fds == 0)
		return;
	AUTO_FREE char *count = mem_printf("LISTEN_FDS=%u", listen_fds);
	strv_env_set(&self->bundle.spec.process.env, count);
	strv_env_set(&self->bundle.spec.process.env, "LISTEN_PID=1");
}

static int make_plan(struct launch *self, struct err *err)
{
	struct spec *spec = &self->bundle.spec;
	bool has_mount_ns = spec->namespaces[NS_MOUNT].is_used;
	spec->root_change = self->options->no_pivot || !has_mount_ns ? SPEC_ROOT_CHROOT
								     : SPEC_ROOT_PIVOT;
	if (self->options->no_new_keyring)
		spec->has_new_keyring = false;
	fill_boot_options(self);
	if (boot_plan_make(spec, &self->boot_options, &self->plan, err) < 0)
		return err_context(err, "config.json");
	self->has_plan = true;
	return 0;
}

/* The console is born with the size of the caller's terminal: a payload that asks at once would
 * otherwise find none. */
static int check_terminal(const struct launch *self, struct spec_process *process, struct err *err)
{
	if (hand_over_check_console(process->terminal, self->is_alone,
				    self->options->console_socket, err) < 0)
		return -1;
	if (!process->terminal || self->is_alone)
		return 0;
	if (process->console_rows == 0)
		tty_get_size(STDIN_FILENO, &process->console_rows, &process->console_columns, NULL);
	return 0;
}

static int prepare_scope(struct launch *self, struct err *err)
{
	char path[CGROUP_PATH_MAX];
	struct spec *spec = &self->bundle.spec;
	struct scope_wish wish = {
		.cgroups_path = self->bundle.cgroups_path,
		.id = self->options->id,
		.annotations = &spec->annotations,
		.limits = &spec->limits,
		.layout = &self->cgroups,
	};
	if (scope_prepare(&wish, &self->scope, path, err) < 0)
		return -1;
	free(spec->cgroups_path);
	spec->cgroups_path = mem_strdup(path);
	return 0;
}

/* Without a group nothing can be limited, and nobody is to believe that it is. */
static int leave_out_cgroup(struct launch *self, struct err *err)
{
	struct spec *spec = &self->bundle.spec;
	if (cgroup_limits_any(&spec->limits) != NULL)
		return err_set(err, ERR_INVALID,
			       "config.json: linux.resources: limits need a control group, which "
			       "--cgroup-manager=disabled leaves out");
	free(ptr_take(&spec->cgroups_path));
	spec->has_cgroup = false;
	return 0;
}

static int detect_cgroups(struct launch *self, struct err *err)
{
	struct spec *spec = &self->bundle.spec;
	const struct rights *rights = &self->home->rights;
	if (cgroup_layout_detect(spec->cgroups_path, &self->cgroups, err) < 0)
		return -1;
	if (self->home->cgroups == BUNDLE_CGROUPS_NONE)
		return leave_out_cgroup(self, err);
	if (self->home->cgroups == BUNDLE_CGROUPS_OURS && !self->bundle.names_cgroup &&
	    rights_place_cgroup(rights, &self->cgroups, self->options->id, spec, err) < 0)
		return -1;
	if (spec->has_cgroup && self->cgroups.mode == CGROUP_NONE)
		return err_set(err, ERR_UNSUPPORTED,
			       "unable to apply cgroup configuration: no writable cgroup hierarchy "
			       "is mounted: permission denied, or none is there");
	return self->home->cgroups == BUNDLE_CGROUPS_SYSTEMD ? prepare_scope(self, err) : 0;
}

static void fill_record(struct launch *self)
{
	const struct spec *spec = &self->bundle.spec;
	const struct spec_namespace *pid_ns = &spec->namespaces[NS_PID];
	char now[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(clock_realtime_ns(), now);
	self->record.facts = (struct record_facts){
		.oci_version = mem_strdup(BUNDLE_OCI_VERSION),
		.bundle = mem_strdup(self->bundle.path),
		.rootfs = mem_strdup(spec->root_path),
		.created = mem_strdup(now),
		.cgroup_path = mem_strdup(spec->cgroups_path),
		.owner = geteuid(),
		.has_chroot = spec->root_change == SPEC_ROOT_CHROOT,
		.no_new_keyring = self->options->no_new_keyring,
		.class_group = rdt_own_group(&spec->rdt),
		.has_poststart = spec->hooks[SPEC_HOOK_POSTSTART].len > 0,
		.has_poststop = spec->hooks[SPEC_HOOK_POSTSTOP].len > 0,
		.shares_pids = !pid_ns->is_used || pid_ns->path != NULL,
		.is_restored = self->options->restore != NULL,
	};
	strv_add_all(&self->record.facts.annotations, &spec->annotations);
	self->record.facts.unit = (struct scope){
		.unit = mem_strdup(self->scope.scope.unit),
		.is_user = self->scope.scope.is_user,
	};
}

/* A program that is executed again does not find the workers by its own path. */
static int seal(struct launch *self, struct err *err)
{
	AUTO_FREE char *libexec_path = NULL;
	bool has_workers = self->home->cgroups == BUNDLE_CGROUPS_SYSTEMD ||
			   self->options->restore != NULL;
	if (has_workers && (libexec_path = libexec_find(err)) == NULL)
		return -1;
	bool child_can = self->options->restore == NULL &&
			 boot_child_has_rights(&self->bundle.spec);
	return child_can ? seal_prepare(libexec_path, &self->program_fd, err)
			 : seal_program(libexec_path, err);
}

static int prepare(struct launch *self, struct err *err)
{
	const struct bundle_create_options *options = self->options;
	if (hand_over_check_fds(options->preserve_fds + hand_over_listen_fds(), err) < 0 ||
	    bundle_open(options->bundle_path, options->config_name, options->id, &self->bundle,
			err) < 0 ||
	    rights_check(&self->home->rights, &self->bundle.spec, err) < 0 || seal(self, err) < 0 ||
	    check_terminal(self, &self->bundle.spec.process, err) < 0 ||
	    detect_cgroups(self, err) < 0 ||
	    record_take(self->home->state_path, options->id, &self->cgroups, &self->record, err) <
		    0)
		return -1;
	self->has_container = true;
	/* A filter is in the images, too. */
	if (options->restore != NULL)
		return restore_check(self, err);
	if (notify_is_wanted() && notify_prepare(&self->record, &self->bundle.spec, err) < 0)
		return -1;
	return filter_load(&self->bundle, self->record.root_fd, err);
}

/* Nothing that is put there would ever go on, nor end. */
static int check_cgroup_is_thawed(struct launch *self, struct err *err)
{
	const char *path = self->bundle.spec.cgroups_path;
	if (cgroup_path_is_frozen(&self->cgroups, path, NULL) <= 0)
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "config.json: linux.cgroupsPath: %s: container's cgroup unexpectedly frozen",
		       path);
}

/* A record names what may be removed if we are killed: never a group that others are in. The
 * group named after the id is covered by the lock. */
static int check_cgroup_is_free(struct launch *self, struct err *err)
{
	const char *path = self->bundle.spec.cgroups_path;
	if (!self->bundle.spec.has_cgroup)
		return 0;
	/* A unit's name is taken or free: systemd sees to it. */
	if (self->scope.scope.unit != NULL)
		return check_cgroup_is_thawed(self, err);
	if (strcmp(path + 1, self->options->id) == 0)
		return 0;
	AUTO(struct cgroup, cgroup_done) cgroup = { 0 };
	if (cgroup_open(&self->cgroups, path, &cgroup, err) < 0)
		return err_context(err, "config.json: linux.cgroupsPath");
	if (check_cgroup_is_thawed(self, err) < 0)
		return -1;
	long count = cgroup_count(&cgroup, err);
	if (count > 0)
		return err_set(err, ERR_CONFLICT,
			       "config.json: linux.cgroupsPath: %s has %ld processes", path, count);
	return count < 0 ? -1 : 0;
}

static int put_on_record(struct launch *self, struct err *err)
{
	if (check_cgroup_is_free(self, err) < 0)
		return -1;
	fill_record(self);
	if (!self->is_alone && process_mark_take(getpid(), &self->record.facts.monitor, err) < 0)
		return -1;
	if ((self->is_alone && record_mark(&self->record, RECORD_MAKING, err) < 0) ||
	    record_save(&self->record, err) < 0 ||
	    record_save_config(&self->record, &self->bundle.config, err) < 0)
		return -1;
	return self->waits ? gate_make(self->record.dir_fd, &self->gate, err)
			   : notify_open(&self->record, &self->notify, err);
}

static int start(struct launch *self, struct err *err)
{
	if (boot_init(&self->boot, &self->plan, &self->cgroups, self->home->debug != NULL, err) < 0)
		return -1;
	self->has_boot = true;
	if (self->options->restore != NULL)
		return restore(self, err);
	self->boot.diagnose = self->home->diagnose;
	struct stdio_options wanted = {
		.tty = self->boot_options.uses_console,
		.is_direct = self->is_alone,
		.interactive = true,
		.attach_stdout = true,
		.attach_stderr = true,
	};
	return attend_start(&self->boot, &self->stdio, &wanted, err);
}

int launch(struct launch *self, struct err *err)
{
	self->record = (struct record)RECORD_INIT;
	self->gate = (struct gate){ .start_fd = -1, .result_fd = -1 };
	self->notify = (struct notify)NOTIFY_INIT;
	self->stdio = (struct stdio){ .payload_fds = { -1, -1, -1 }, .relay_fds = { -1, -1, -1 } };
	if (prepare(self, err) == 0 && make_plan(self, err) == 0 && put_on_record(self, err) == 0 &&
	    start(self, err) == 0)
		return 0;
	launch_undo(self);
	return -1;
}

/* The container is gone whatever they do: a failure is a warning, and the next one is run. */
static void run_poststop_hooks(const struct launch *self)
{
	AUTO_FREE char *state = document_of(&self->record, "stopped", 0);
	hooks_run_all(&self->bundle.spec, SPEC_HOOK_POSTSTOP, state);
}

void launch_undo(struct launch *self)
{
	if (self->has_boot) {
		boot_stop(&self->boot);
		run_poststop_hooks(self);
	}
	if (self->has_container)
		record_drop(&self->record, NULL);
}

void launch_done(struct launch *self)
{
	stdio_done(&self->stdio);
	gate_close(&self->gate);
	notify_close(&self->notify);
	if (self->has_boot) {
		boot_trace_tell(&self->boot, self->home->debug);
		boot_done(&self->boot);
	}
	if (self->has_plan)
		boot_plan_done(&self->plan);
	scope_request_done(&self->scope);
	bundle_done(&self->bundle);
	record_close(&self->record);
	fd_close(&self->program_fd);
}
