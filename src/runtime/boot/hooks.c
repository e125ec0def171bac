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
#include "sys/sock.h"

static int run_to_end(const struct spec_hook *hook, const char *state, struct err *err)
{
	char *only_path[] = { hook->path, NULL }, *nothing[] = { NULL };
	struct errand errand = {
		.path = hook->path,
		.argv = hook->args.len > 0 ? hook->args.items : only_path,
		.envp = hook->env.len > 0 ? hook->env.items : nothing,
		.input = state,
		.timeout_s = hook->timeout_s,
	};
	return errand_run(&errand, err);
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

void hooks_run_all(const struct spec *spec, enum spec_hook_point point, const char *state)
{
	for (size_t i = 0; i < spec->hooks[point].len; i++) {
		struct err err = { 0 };
		if (hook_run(&spec->hooks[point].items[i], state, &err) < 0)
			warn_say("%s[%zu]: %s", spec_hook_point_name(point), i, err.text);
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
