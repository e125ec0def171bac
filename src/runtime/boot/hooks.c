/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks are trusted like the configuration that names them, but not to be well-behaved: what they
 * read and write is a memory file, so that nobody waits for a pipe, and they have our patience only
 * as long as their timeout says.
 */
#include "runtime/boot/hooks.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "runtime/boot/step_functions.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_MAX 512 /* of what a failed hook wrote: its last words */

static int open_memory(const char *text, struct err *err)
{
	AUTO_FD fd = memfd_create("hook", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "make a memory file");
	return fd_take(&fd);
}

/* @return 1 it has ended, 0 its time is over, -1 */
static int await_end(int pidfd, unsigned timeout_s, struct err *err)
{
	uint64_t end_ns = clock_monotonic_ns() + timeout_s * UINT64_C(1000000000);
	for (;;) {
		struct pollfd ended = { .fd = pidfd, .events = POLLIN };
		uint64_t now_ns = clock_monotonic_ns();
		int timeout_ms = -1;
		if (timeout_s > 0 && now_ns >= end_ns)
			return 0;
		if (timeout_s > 0 && end_ns - now_ns < UINT64_C(1000000) * INT32_MAX)
			timeout_ms = (int)((end_ns - now_ns) / 1000000 + 1);
		int n = poll(&ended, 1, timeout_ms);
		if (n < 0 && errno != EINTR)
			return err_sys(err, "wait for it");
		if (n > 0)
			return 1;
	}
}

static int report_failure(const struct process_exit *how, int said_fd, struct err *err)
{
	char said[SAID_MAX + 1];
	off_t size = lseek(said_fd, 0, SEEK_END);
	off_t from = size > SAID_MAX ? size - SAID_MAX : 0;
	ssize_t n = pread(said_fd, said, SAID_MAX, from);
	while (n > 0 && said[n - 1] == '\n')
		n--;
	said[n > 0 ? n : 0] = '\0';
	return err_set(err, ERR_REMOTE, "%s %d%s%s", how->is_signaled ? "signal" : "exit status",
		       how->status, said[0] != '\0' ? ": " : "", said);
}

static int run_to_end(const struct spec_hook *hook, const char *state, struct err *err)
{
	char *only_path[] = { hook->path, NULL }, *nothing[] = { NULL };
	AUTO_FD state_fd = open_memory(state, err);
	AUTO_FD said_fd = open_memory("", err);
	if (state_fd < 0 || said_fd < 0)
		return -1;
	const int fds[] = { state_fd, said_fd, said_fd };
	struct process_child child;
	if (process_spawn(hook->path, hook->args.len > 0 ? hook->args.items : only_path,
			  hook->env.len > 0 ? hook->env.items : nothing, fds, ARRAY_LEN(fds),
			  &child, err) < 0)
		return -1;
	AUTO_FD pidfd = child.pidfd;
	struct process_exit how = { 0 };
	int ended = await_end(pidfd, hook->timeout_s, err);
	if (ended <= 0)
		process_signal(pidfd, SIGKILL, NULL);
	if (process_wait(pidfd, &how, ended < 0 ? NULL : err) < 0 || ended < 0)
		return -1;
	if (ended == 0)
		return err_set(err, ERR_REMOTE, "not done after %u s", hook->timeout_s);
	return process_exit_code(&how) == 0 ? 0 : report_failure(&how, said_fd, err);
}

int hook_run(const struct spec_hook *hook, const char *state, struct err *err)
{
	return run_to_end(hook, state, err) < 0 ? err_context(err, "hook %s", hook->path) : 0;
}

int hooks_run(const struct spec *spec, enum spec_hook_point point, const char *state,
	      struct err *err)
{
	for (size_t i = 0; i < spec->hooks[point].len; i++)
		if (hook_run(&spec->hooks[point].items[i], state, err) < 0)
			return err_context(err, "%s[%zu]", spec_hook_point_name(point), i);
	return 0;
}

static int run_point(struct boot *boot, enum spec_hook_point point, const char *status,
		     struct err *err)
{
	const struct boot_options *options = boot->plan->options;
	if (boot->spec->hooks[point].len == 0)
		return 0;
	AUTO_FREE char *state = options->hook_state(options->hook_context, status, boot->pid);
	return hooks_run(boot->spec, point, state, err);
}

int parent_runtime_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet;
	ssize_t n = sock_recv(boot->parent_sock, &packet, sizeof(packet), NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_BUILT)
		return err_set(err, ERR_REMOTE,
			       "the inner process ended before its root was built");
	if (run_point(boot, SPEC_HOOK_PRESTART, "creating", err) < 0 ||
	    run_point(boot, SPEC_HOOK_CREATE_RUNTIME, "creating", err) < 0)
		return -1;
	packet = (struct boot_packet){ .message = BOOT_MSG_GO, .pid = boot->pid };
	return sock_send(boot->parent_sock, &packet, sizeof(packet), -1, err);
}

int inner_await_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet = { .message = BOOT_MSG_BUILT };
	if (sock_send(boot->child_sock, &packet, sizeof(packet), -1, err) < 0)
		return -1;
	ssize_t n = sock_recv(boot->child_sock, &packet, sizeof(packet), NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_GO)
		return err_set(err, ERR_REMOTE, "the parent is gone");
	boot->pid = packet.pid; /* as the host sees us: what hooks are told */
	return 0;
}

int inner_create_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return run_point(boot, SPEC_HOOK_CREATE_CONTAINER, "creating", err);
}

int inner_start_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return run_point(boot, SPEC_HOOK_START_CONTAINER, "created", err);
}
