/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a plan: one loop runs the rows of each process and keeps the board. It knows nothing
 * of what the steps do.
 */
#include "runtime/boot/boot.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/warn.h"
#include "runtime/boot/steps.h"
#include "sys/fd.h"
#include "sys/interrupt.h"
#include "sys/process.h"
#include "sys/sock.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CGROUP_REMOVE_TIMEOUT_MS 5000

static size_t plan_ops(const struct boot_plan *plan)
{
	return plan->len[BOOT_PARENT] + plan->len[BOOT_OUTER] + plan->len[BOOT_INNER];
}

static int open_board(struct boot *boot, bool trace, struct err *err)
{
	size_t spans = trace ? plan_ops(boot->plan) : 0;
	boot->board_size = sizeof(struct boot_board) + spans * sizeof(struct boot_span);
	void *memory = mmap(NULL, boot->board_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return err_sys(err, "map the boot board");
	boot->board = memory;
	boot->spans_capacity = (uint32_t)spans;
	boot->board->exit_code = 125;
	return 0;
}

int boot_init(struct boot *boot, const struct boot_plan *plan, const struct cgroup_layout *layout,
	      bool trace, struct err *err)
{
	*boot = (struct boot){
		.plan = plan,
		.spec = plan->spec,
		.layout = layout,
		.root_fd = -1,
		.parent_sock = -1,
		.child_sock = -1,
		.stdio_fds = { 0, 1, 2 },
		.console_fd = -1,
		.pidfd = -1,
		.outer_pidfd = -1,
		.uid = plan->spec->process.user.uid,
		.gid = plan->spec->process.user.gid,
		.proc_fd = -1,
		.own_fds_fd = -1,
		.console_slave_fd = -1,
		.null_fd = -1,
		.proc_mount_fd = -1,
		.start_fd = plan->options->gate != NULL ? plan->options->gate->start_fd : -1,
		.result_fd = plan->options->gate != NULL ? plan->options->gate->result_fd : -1,
	};
	for (int type = 0; type < NS_COUNT; type++)
		boot->ns_fds[type] = -1;
	boot->masks.null_fd = boot->masks.empty_mnt_fd = -1;
	boot->source_fds = mem_alloc(plan->spec->mounts_len, sizeof(int));
	for (size_t i = 0; i < plan->spec->mounts_len; i++)
		boot->source_fds[i] = -1;
	const struct spec_user *user = &plan->spec->process.user;
	boot->groups_len = user->additional_gids_len;
	boot->groups = mem_dup(user->additional_gids, boot->groups_len * sizeof(gid_t));
	return open_board(boot, trace, err);
}

/* NULL when the board has no room or no trace is wanted. */
static struct boot_span *span_begin(struct boot *boot, enum boot_proc proc, size_t op)
{
	if (boot->spans_capacity == 0)
		return NULL;
	unsigned i = atomic_fetch_add(&boot->board->spans_len, 1);
	if (i >= boot->spans_capacity)
		return NULL;
	struct boot_span *span = &boot->board->spans[i];
	span->proc = (uint8_t)proc;
	span->op = (uint16_t)op;
	span->start_ns = clock_monotonic_ns();
	return span;
}

static void record_failure(struct boot *boot, enum boot_proc proc, size_t op, const struct err *err)
{
	bool expected = false;
	if (!atomic_compare_exchange_strong(&boot->board->has_failed, &expected, true))
		return; /* the first failure is the cause, the rest are its echoes */
	boot->board->err = *err;
	boot->board->failed_proc = (uint8_t)proc;
	boot->board->failed_op = (uint16_t)op;
}

static int run_op(struct boot *boot, enum boot_proc proc, size_t i, struct err *err)
{
	const struct boot_op *op = &boot->plan->ops[proc][i];
	const struct boot_step *step = boot_step(op->step);
	boot->board->begun[proc] = (uint16_t)(i + 1);
	struct boot_span *span = span_begin(boot, proc, i);

	int result = fault_point(boot_proc_name(proc), (unsigned)i, step->name, err);
	if (result == 0)
		result = step->run(boot, op, err);

	if (span != NULL) {
		span->end_ns = clock_monotonic_ns();
		span->is_done = true;
	}
	return result;
}

int boot_run_ops(struct boot *boot, enum boot_proc proc, size_t first, struct err *err)
{
	for (size_t i = first; i < boot->plan->len[proc]; i++) {
		if (run_op(boot, proc, i, err) == 0)
			continue;
		/* A child that failed has told more than we know: its end of the socket is gone. */
		if (proc == BOOT_PARENT && atomic_load(&boot->board->has_failed))
			return -1;
		err_context(err, "%s: %s", boot_proc_name(proc),
			    boot_step(boot->plan->ops[proc][i].step)->name);
		record_failure(boot, proc, i, err);
		return -1;
	}
	return 0;
}

static struct boot_board *our_board; /* in a child */

/* Where the face writes is the parent's: in a child that descriptor is soon closed, and its number
 * another's. One that does not fit is left out. */
static void keep_warning(const char *text)
{
	size_t size = strlen(text) + 1, used = our_board->warnings_len;
	if (size > sizeof(our_board->warnings) - used)
		return;
	memcpy(our_board->warnings + used, text, size);
	our_board->warnings_len = (uint16_t)(used + size);
}

static void tell_warnings(struct boot_board *board)
{
	for (size_t at = 0; at < board->warnings_len; at += strlen(board->warnings + at) + 1)
		warn_pass_on(board->warnings + at);
	board->warnings_len = 0;
}

void boot_child_main(struct boot *boot, enum boot_proc proc)
{
	struct err err = { 0 };
	boot->me = proc;
	our_board = boot->board;
	warn_to(keep_warning);
	fd_close(&boot->parent_sock);
	bool has_failed = boot_run_ops(boot, proc, 0, &err) < 0;
	/* The parent may be gone: then whoever starts us listens at the gate. */
	if (has_failed && proc == BOOT_INNER && boot->result_fd >= 0)
		(void)!write(boot->result_fd, err.text, strlen(err.text));
	_exit(has_failed ? boot->board->exit_code : 0);
}

pid_t boot_clone_inner(struct boot *boot, uint64_t extra_flags, int *out_pidfd, struct err *err)
{
	struct process_clone clone = {
		.flags = boot->plan->clone_flags | extra_flags,
		.cgroup_fd = boot->has_cgroup ? cgroup_clone_fd(&boot->cgroup) : -1,
		.out_pidfd = -1,
	};
	pid_t pid = process_fork(&clone, err);
	if (pid == 0)
		boot_child_main(boot, BOOT_INNER);
	if (pid > 0)
		*out_pidfd = clone.out_pidfd;
	return pid;
}

static void enter(void *context)
{
	boot_child_main(context, BOOT_INNER);
}

pid_t boot_start_entering(struct boot *boot, struct err *err)
{
	struct process_clone clone = {
		.cgroup_fd = boot->has_cgroup && !boot->is_out_of_reach
				     ? cgroup_clone_fd(&boot->cgroup)
				     : -1,
		.out_pidfd = -1,
		.no_signal = true,
		/* A time namespace is only for those who share their memory with nobody: setns(2).
		 * Who starts a worker needs a stack of its own. */
		.is_apart = (boot->plan->enter_flags & CLONE_NEWTIME) != 0 || boot->is_out_of_reach,
	};
	struct boot its_own = *boot; /* what it closes is not ours */
	warn_sink *sink = warn_to(NULL);
	pid_t pid = process_borrow(&clone, enter, &its_own, err);
	warn_to(sink);
	boot->home = its_own.home;
	boot->program = its_own.program;
	if (pid < 0)
		return -1;
	boot->outer_pid = pid;
	boot->outer_pidfd = clone.out_pidfd;
	return pid;
}

/* The row that the child began last: inner's, or outer's while there is no inner yet. */
static const struct boot_op *last_row(const struct boot *boot, enum boot_proc *out_proc)
{
	static const struct boot_op none = { .step = STEP_COUNT };
	for (int proc = BOOT_INNER; proc > BOOT_PARENT; proc--) {
		unsigned begun = boot->board->begun[proc];
		*out_proc = (enum boot_proc)proc;
		if (begun > 0 && begun <= boot->plan->len[proc])
			return &boot->plan->ops[proc][begun - 1];
	}
	return &none;
}

static bool was_short_of_memory(const struct boot *boot)
{
	struct cgroup_stats stats;
	if (!boot->has_cgroup || boot->spec->limits.memory.limit_bytes.value <= 0)
		return false;
	cgroup_read_stats(&boot->cgroup, &stats);
	return stats.oom_kills > 0;
}

/* The child vanished between two steps without a word. */
int boot_describe_death(struct boot *boot, struct err *err)
{
	struct process_exit how = { 0 };
	int pidfd = boot->pidfd >= 0 ? boot->pidfd : boot->outer_pidfd;
	if (pidfd >= 0)
		process_wait(pidfd, &how, NULL);
	enum boot_proc proc;
	const struct boot_op *op = last_row(boot, &proc);
	const char *step = op->step != STEP_COUNT ? boot_step(op->step)->name
						  : "before its first step";
	if (how.is_signaled && how.status == SIGKILL && was_short_of_memory(boot))
		return err_set(err, ERR_REMOTE,
			       "%s: %s: container init was OOM-killed (memory limit too low?): "
			       "%lld bytes do not suffice",
			       boot_proc_name(proc), step,
			       (long long)boot->spec->limits.memory.limit_bytes.value);
	return err_set(err, ERR_REMOTE, "%s: %s: the process was ended by %s %d",
		       boot_proc_name(proc), step, how.is_signaled ? "signal" : "status",
		       how.status);
}

static void reap(pid_t *pid, int *pidfd)
{
	if (*pidfd >= 0) {
		struct process_exit ignored;
		process_signal(*pidfd, SIGKILL, NULL);
		process_wait(*pidfd, &ignored, NULL);
	}
	fd_close(pidfd);
	*pid = 0;
}

/* Where others may trace a child of ours, they can write to the board. */
static bool is_board_exposed(const struct boot *boot)
{
	const struct spec_namespace *pid_ns = &boot->spec->namespaces[NS_PID];
	return boot->plan->target != NULL || !pid_ns->is_used || pid_ns->path != NULL;
}

static void check_spans(struct boot *boot)
{
	struct boot_board *board = boot->board;
	if (board->spans_len > boot->spans_capacity)
		board->spans_len = boot->spans_capacity;
	for (unsigned i = 0; i < board->spans_len; i++) {
		struct boot_span *span = &board->spans[i];
		if (span->proc >= BOOT_PROC_COUNT || span->op >= boot->plan->len[span->proc])
			*span = (struct boot_span){ 0 }; /* the parent's first */
	}
}

/* From here on the board is a copy, in which nothing leads outside of anything. */
static int take_board(struct boot *boot, struct err *err)
{
	struct boot_board *copy = mmap(NULL, boot->board_size, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return err_sys(err, "map the boot board");
	memcpy(copy, boot->board, boot->board_size);
	munmap(boot->board, boot->board_size);
	boot->board = copy;
	copy->err.text[ERR_TEXT_MAX - 1] = copy->err.hint[ERR_HINT_MAX - 1] = '\0';
	if (copy->err.kind > ERR_DENIED)
		copy->err.kind = ERR_REMOTE;
	if (copy->warnings_len > BOOT_WARNINGS_SIZE)
		copy->warnings_len = BOOT_WARNINGS_SIZE;
	if (copy->warnings_len > 0)
		copy->warnings[copy->warnings_len - 1] = '\0';
	if (copy->failed_proc >= BOOT_PROC_COUNT ||
	    copy->failed_op >= boot->plan->len[copy->failed_proc])
		copy->failed_proc = BOOT_INNER, copy->failed_op = 0;
	copy->exit_code &= 255;
	check_spans(boot);
	return 0;
}

int boot_start(struct boot *boot, struct err *err)
{
	int socks[2];
	if (sock_pair(socks, err) < 0)
		return -1;
	boot->parent_sock = socks[0];
	boot->child_sock = socks[1];
	int result = boot_run_ops(boot, BOOT_PARENT, 0, err);
	if (is_board_exposed(boot) && take_board(boot, err) < 0)
		result = -1;
	tell_warnings(boot->board);
	if (result == 0)
		return 0;
	if (atomic_load(&boot->board->has_failed))
		*err = boot->board->err;
	if (!atomic_load(&boot->board->has_failed) || boot->board->failed_proc == BOOT_PARENT)
		boot->board->exit_code = 125;
	/* An inner process that we were not told of ends by this. */
	fd_close(&boot->parent_sock);
	reap(&boot->pid, &boot->pidfd);
	reap(&boot->outer_pid, &boot->outer_pidfd);
	boot_return_devices(boot);
	return -1;
}

static bool has_hooks_inside(const struct spec *spec)
{
	return spec->hooks[SPEC_HOOK_CREATE_CONTAINER].len > 0 ||
	       spec->hooks[SPEC_HOOK_START_CONTAINER].len > 0;
}

/* The last close of a mount that is attached nowhere waits for an RCU grace period. */
static void close_while_waiting(struct boot *boot)
{
	if (boot->plan->options->program_fd != NULL)
		fd_close(boot->plan->options->program_fd);
}

ssize_t boot_recv(struct boot *boot, struct boot_packet *packet, int *out_fd, struct err *err)
{
	close_while_waiting(boot);
	if (has_hooks_inside(boot->spec) && interrupt_wait(boot->parent_sock, -1, err) < 0)
		return -1;
	return sock_recv(boot->parent_sock, packet, sizeof(*packet), out_fd, err);
}

int boot_send_go(struct boot *boot, struct err *err)
{
	struct boot_packet packet = { .message = BOOT_MSG_GO, .pid = boot->pid };
	return sock_send(boot->parent_sock, &packet, sizeof(packet), -1, err);
}

int boot_await_go(struct boot *boot, struct err *err)
{
	struct boot_packet packet;
	ssize_t n = sock_recv(boot->child_sock, &packet, sizeof(packet), NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_GO)
		return err_set(err, ERR_REMOTE, "the parent is gone");
	boot->pid = packet.pid;
	return 0;
}

int boot_await_exec(struct boot *boot, struct err *err)
{
	struct boot_packet packet;
	fd_close(&boot->child_sock);
	ssize_t n = boot_recv(boot, &packet, NULL, err);
	fd_close(&boot->parent_sock);
	if (boot->outer_pidfd >= 0)
		reap(&boot->outer_pid, &boot->outer_pidfd);
	if (n != 0)
		return n < 0 ? -1 : err_set(err, ERR_REMOTE, "an unexpected message");
	if (atomic_load(&boot->board->has_failed))
		return -1;
	enum boot_proc proc;
	return last_row(boot, &proc)->step == STEP_EXEC ? 0 : boot_describe_death(boot, err);
}

void boot_leave(struct boot *boot)
{
	fd_close(&boot->pidfd);
	fd_close(&boot->outer_pidfd);
	if (boot->has_cgroup)
		cgroup_done(&boot->cgroup);
	boot->has_cgroup = boot->has_unit = false;
	for (size_t i = 0; boot->spec != NULL && i < boot->spec->mounts_len; i++)
		fd_close(&boot->source_fds[i]);
	for (int type = 0; type < NS_COUNT; type++)
		fd_close(&boot->ns_fds[type]);
	fd_close(&boot->root_fd);
	fd_close(&boot->console_fd);
	fd_close(&boot->parent_sock);
	fd_close(&boot->child_sock);
}

void boot_stop(struct boot *boot)
{
	reap(&boot->pid, &boot->pidfd);
	reap(&boot->outer_pid, &boot->outer_pidfd);
	if (boot->has_unit)
		scope_stop(&boot->plan->options->scope->scope, NULL);
	if (boot->has_cgroup && boot->plan->target == NULL) {
		/* The first process of a pid namespace takes the others with it; a joined one has
		 * another first process. */
		const struct spec_namespace *pid_ns = &boot->spec->namespaces[NS_PID];
		if (!pid_ns->is_used || pid_ns->path != NULL)
			cgroup_kill(&boot->cgroup, NULL);
		cgroup_remove(&boot->cgroup, CGROUP_REMOVE_TIMEOUT_MS, NULL);
	}
	boot_leave_class(boot);
	boot_leave(boot);
}

void boot_done(struct boot *boot)
{
	boot_leave(boot);
	free(ptr_take(&boot->source_fds));
	free(ptr_take(&boot->lent_devices));
	free(ptr_take(&boot->groups));
	free(ptr_take(&boot->home));
	free(ptr_take(&boot->program));
	if (boot->board != NULL)
		munmap(boot->board, boot->board_size);
	boot->board = NULL;
}
