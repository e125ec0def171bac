/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks are trusted like the configuration that names them, but not to be well-behaved: what they
 * read and write is a memory file, so that nobody waits for a pipe, and they have our patience only
 * as long as their timeout says.
 */
#include "runtime/boot/hooks.h"

#include "base/mem.h"
#include "base/warn.h"
#include "runtime/boot/step_functions.h"
#include "sys/errand.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include <fcntl.h>
#include <unistd.h>

/* As crun has it by annotation. A hook inside the container sees other files by these names. */
static int open_output(const char *path, enum spec_hook_point point, int *out_fd, struct err *err)
{
	*out_fd = 0;
	if (path == NULL || point == SPEC_HOOK_START_CONTAINER)
		return 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0700);
	if (fd < 0)
		return err_sys(err, "open %s for the output of hooks", path);
	*out_fd = fd;
	return 0;
}

static void close_output(int *fd)
{
	if (*fd > 0)
		fd_close(fd);
}

static int run_to_end(const struct spec *spec, enum spec_hook_point point,
		      const struct spec_hook *hook, const char *state, struct err *err)
{
	char *only_path[] = { hook->path, NULL }, *nothing[] = { NULL };
	AUTO(int, close_output) output_fd = 0;
	AUTO(int, close_output) error_fd = 0;
	if (open_output(spec->hooks_stdout, point, &output_fd, err) < 0 ||
	    open_output(spec->hooks_stderr, point, &error_fd, err) < 0)
		return -1;
	struct errand errand = {
		.path = hook->path,
		.argv = hook->args.len > 0 ? hook->args.items : only_path,
		.envp = hook->env.len > 0 ? hook->env.items : nothing,
		.input = state,
		.timeout_s = hook->timeout_s,
		.output_fd = output_fd,
		.error_fd = error_fd,
	};
	return errand_run(&errand, err);
}

static int run_one(const struct spec *spec, enum spec_hook_point point, size_t i, const char *state,
		   struct err *err)
{
	const struct spec_hook *hook = &spec->hooks[point].items[i];
	if (run_to_end(spec, point, hook, state, err) == 0)
		return 0;
	err_context(err, "error running hook %s", hook->path);
	return err_context(err, "%s[%zu]", spec_hook_point_name(point), i);
}

int hooks_run(const struct spec *spec, enum spec_hook_point point, const char *state,
	      struct err *err)
{
	for (size_t i = 0; i < spec->hooks[point].len; i++)
		if (run_one(spec, point, i, state, err) < 0)
			return -1;
	return 0;
}

void hooks_run_all(const struct spec *spec, enum spec_hook_point point, const char *state)
{
	for (size_t i = 0; i < spec->hooks[point].len; i++) {
		struct err err = { 0 };
		if (run_one(spec, point, i, state, &err) < 0)
			warn_say("%s", err.text);
	}
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
	ssize_t n = boot_recv(boot, &packet, NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_BUILT)
		return err_set(err, ERR_REMOTE,
			       "the inner process ended before its root was built");
	if (run_point(boot, SPEC_HOOK_PRESTART, "creating", err) < 0 ||
	    run_point(boot, SPEC_HOOK_CREATE_RUNTIME, "creating", err) < 0)
		return -1;
	return boot_send_go(boot, err);
}

int inner_await_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet = { .message = BOOT_MSG_BUILT };
	if (sock_send(boot->child_sock, &packet, sizeof(packet), -1, err) < 0)
		return -1;
	return boot_await_go(boot, err);
}

int inner_create_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* Where runc has them begin, and hooks rely on it: in the container's root. */
	if (fchdir(boot->root_fd) < 0)
		return err_sys(err, "enter the new root");
	return run_point(boot, SPEC_HOOK_CREATE_CONTAINER, "creating", err);
}

int inner_start_hooks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return run_point(boot, SPEC_HOOK_START_CONTAINER, "created", err);
}
