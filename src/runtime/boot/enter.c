/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: how a further process comes into a container. The inner process prepares everything while
 * it is still outside of the pid namespace, where nobody of the container can see it; and has no
 * more rights and descriptors than the payload when it goes on as a process of that namespace. Who
 * traces it there (with CAP_SYS_PTRACE, which nothing stops) is given what the payload has anyway.
 */
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "kernel/proc/tty.h"
#include "kernel/root/root.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The host's /dev/null is not for the payload, and the container's own, which takes its place, is
 * not to be trusted: it may be anything. */
static int open_own_null(void)
{
	AUTO_FD fd = open("/dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !root_is_null_device(fd))
		return -1;
	return fcntl(fd, F_SETFL, 0) < 0 ? -1 : fd_take(&fd);
}

/* An ordinary user has a right to the other namespaces only in the container's user namespace. */
static int enter_user_namespace(struct boot *boot, struct err *err)
{
	const struct boot_target *target = boot->plan->target;
	if (setns(target->pidfd, CLONE_NEWUSER) == 0)
		return 0;
	err_sys(err, "user namespace of process %d", (int)target->pid);
	return errno == EPERM ? err_hint(err, "a container that has not been started, or is "
					      "somebody else's, cannot be entered without root")
			      : -1;
}

int inner_enter_container(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct boot_target *target = boot->plan->target;
	AUTO_FREE char *root_path = mem_printf("/proc/%d/root", (int)target->pid);
	AUTO_FD root_fd = -1;
	/* Others of the user, on the host, must not trace us either; it is inherited. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
	boot->own_fds_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (boot->own_fds_fd < 0)
		return err_sys(err, "open /proc/self/fd");
	if (boot->plan->enters_user_first && enter_user_namespace(boot, err) < 0)
		return -1;
	if (target->has_chroot) {
		root_fd = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root_fd < 0)
			return err_sys(err, "open %s", root_path);
	}
	/* Also says that root_path was that of this very process, which still lives. */
	if (setns(target->pidfd, (int)boot->plan->enter_flags) < 0)
		return err_sys(err, "namespaces of process %d", (int)target->pid);
	if (root_fd >= 0 && (fchdir(root_fd) < 0 || chroot(".") < 0))
		return err_sys(err, "root of process %d", (int)target->pid);
	boot->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (boot->root_fd < 0)
		return err_sys(err, "open the container's root");
	boot->null_fd = open_own_null();
	return 0;
}

/* Who traces us can read what we have in memory: nothing there needs to be the caller's secrets. */
static void forget_environment(void)
{
#ifndef ONGGI_FAULTS /* they are asked for by the environment */
	for (char **word = environ; word != NULL && *word != NULL; word++)
		explicit_bzero(*word, strlen(*word));
#endif
}

int inner_enter_pid_namespace(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	forget_environment();
	pid_t pid = process_fork_sibling(err);
	if (pid < 0 && errno == EAGAIN)
		return err_hint(err, "the container, or its user, has as many processes as it may");
	if (pid < 0)
		return -1;
	if (pid == 0)
		return 0;
	boot->board->entered_pid = pid;
	_exit(0);
}

int inner_own_session(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (setsid() < 0)
		return err_sys(err, "begin a session");
	return boot->plan->options->uses_console ? tty_take_control(STDIN_FILENO, err) : 0;
}

int parent_set_scheduler(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return sched_apply_policy(&boot->spec->process.scheduler, boot->pid, err);
}
