/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child for one piece of work, as cheap as vfork: nothing is copied but the descriptions of
 * working directory and root. It knows nothing of what it runs.
 * Kernel: any.
 */
#include "kernel/mount/aside.h"

#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define STACK_BYTES (64u << 10)

struct aside {
	int (*work)(void *);
	void *argument;
	int result;
};

static int run(void *argument)
{
	struct aside *aside = argument;
	aside->result = aside->work(aside->argument);
	return 0;
}

int mount_run_aside(int (*work)(void *), void *argument, struct err *err)
{
	struct aside aside = { .work = work, .argument = argument, .result = -1 };
	AUTO_FREE char *stack = mem_alloc(1, STACK_BYTES);
	/* A handler of ours must not run in the child: it would see our memory, but not be us. */
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	/* Exit signal 0: the death of this child is no news to anybody, and it cannot be reaped by
	 * anybody else. */
	pid_t pid = clone(run, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | CLONE_FILES, &aside);
	if (pid < 0)
		err_sys(err, "start a child");
	else
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			continue;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return aside.result;
}
