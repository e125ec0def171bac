/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Processes: fork by clone3, spawn by a vfork-style clone, wait and signal by pidfd.
 * Knows nothing of containers. Assumes Linux 5.10 (pidfds, waitid P_PIDFD, close_range).
 *
 * process_fork makes the system call itself: glibc's fork handlers and its cached thread id are
 * bypassed, which is right only for our single-threaded static programs.
 */
#include "sys/process.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Older headers lack P_PIDFD as a macro; its value is ABI. */
#define PROCESS_P_PIDFD ((idtype_t)3)

/* Enough for a few shallow calls and execve; the child of a vfork-style clone runs on it. */
#define SPAWN_STACK_BYTES 16384

/* Only what is touched of it is ever memory. */
#define BORROW_STACK_BYTES 262144

/* clone(2) cannot carry flags above 32 bits, and CLONE_NEWTIME lies in its exit-signal byte. */
static pid_t fork_by_clone(struct process_clone *clone, uint64_t exit_signal, struct err *err)
{
	if (clone->cgroup_fd >= 0 || (clone->flags & ~(uint64_t)0xffffff00) != 0) {
		err_set(err, ERR_UNSUPPORTED, "fork: clone3 is missing, and clone cannot do this");
		err_hint(err, "Linux 5.7 has clone3 with cgroups; is a seccomp filter denying it?");
		return -1;
	}
	unsigned long flags = (unsigned long)(clone->flags | CLONE_PIDFD | exit_signal);
	int pidfd = -1;
#if defined(__s390__)
	long pid = syscall(SYS_clone, 0, flags, &pidfd, NULL, 0);
#else
	long pid = syscall(SYS_clone, flags, 0, &pidfd, NULL, 0);
#endif
	if (pid < 0)
		return err_sys(err, "fork");
	if (pid > 0)
		clone->out_pidfd = pidfd;
	return (pid_t)pid;
}

pid_t process_fork(struct process_clone *clone, struct err *err)
{
	int pidfd = -1;
	/* With CLONE_PARENT the kernel insists on 0 and takes the caller's own exit signal. */
	bool is_silent = clone->no_signal || (clone->flags & CLONE_PARENT) != 0;
	struct clone_args args = {
		.flags = clone->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = is_silent ? 0 : SIGCHLD,
	};
	if (clone->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)clone->cgroup_fd;
	}
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == ENOSYS)
		return fork_by_clone(clone, args.exit_signal, err);
	if (pid < 0)
		return err_sys(err, "fork");
	if (pid > 0)
		clone->out_pidfd = pidfd;
	return (pid_t)pid;
}

/* A sanitizer knows nothing of a second stack. */
#if defined(__has_feature)
#define HAS_SANITIZER __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif

#if defined(__x86_64__) && !HAS_SANITIZER
/* The C library has no clone3 that takes a stack. The child finds itself on the new one and calls
 * `run`; for us the call returns as any other, once the child has let go of our memory. */
NO_SANITIZE static long clone3_and_run(struct clone_args *args, process_body *run, void *context)
{
	long result;
	register process_body *run_register __asm__("r9") = run;
	register void *context_register __asm__("r8") = context;
	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%r8, %%rdi\n\t"
			 "callq *%%r9\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "0"(SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(run_register),
			   "r"(context_register)
			 : "rcx", "r11", "cc", "memory");
	return result;
}
#else
static long clone3_and_run(struct clone_args *args UNUSED, process_body *run UNUSED,
			   void *context UNUSED)
{
	return -ENOSYS;
}
#endif

static pid_t fork_and_wait(struct process_clone *clone, process_body *run, void *context,
			   struct err *err)
{
	siginfo_t info;
	pid_t pid = process_fork(clone, err);
	if (pid == 0)
		run(context);
	while (pid > 0 &&
	       waitid(PROCESS_P_PIDFD, (id_t)clone->out_pidfd, &info, WEXITED | WNOWAIT | __WALL) <
		       0 &&
	       errno == EINTR)
		;
	return pid;
}

NO_SANITIZE pid_t process_borrow(struct process_clone *clone, process_body *run, void *context,
				 struct err *err)
{
	_Alignas(16) char stack[BORROW_STACK_BYTES];
	int pidfd = -1;
	struct clone_args args = {
		.flags = clone->flags | CLONE_PIDFD | CLONE_VM | CLONE_VFORK,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = clone->no_signal ? 0 : SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = sizeof(stack),
	};
	if (clone->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)clone->cgroup_fd;
	}
	long pid = clone->is_apart ? -ENOSYS : clone3_and_run(&args, run, context);
	if (pid == -ENOSYS)
		return fork_and_wait(clone, run, context, err);
	if (pid < 0)
		return err_num(err, (int)-pid, "fork");
	clone->out_pidfd = pidfd;
	return (pid_t)pid;
}

pid_t process_fork_sibling(struct err *err)
{
#if defined(__s390__)
	long pid = syscall(SYS_clone, 0, CLONE_PARENT | SIGCHLD, NULL, NULL, 0);
#else
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, NULL, NULL, 0);
#endif
	return pid >= 0 ? (pid_t)pid : err_sys(err, "fork");
}

int process_exit_code(const struct process_exit *exit)
{
	return exit->is_signaled ? 128 + exit->status : exit->status;
}

int process_wait(int pidfd, struct process_exit *out, struct err *err)
{
	siginfo_t info = { 0 };
	int rc;
	do {
		/* __WALL: a child made with no_signal counts as a "clone child" otherwise. */
		rc = waitid(PROCESS_P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_sys(err, "wait for a child");
	*out = (struct process_exit){
		.is_signaled = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED,
		.status = info.si_status,
		.core_dumped = info.si_code == CLD_DUMPED,
	};
	return 0;
}

int process_signal(int pidfd, int signal, struct err *err)
{
	if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
		return err_call(err, "pidfd_send_signal", "send signal %d", signal);
	return 0;
}

/* What the vfork-style child works on; it shares our memory until it execs or exits. */
struct spawn {
	const char *path;
	char *const *argv;
	char *const *envp;
	int fds[PROCESS_SPAWN_FDS_MAX];
	size_t fds_len;
	bool is_led;
	const char *failed_step;
	int errnum;
};

/* Only fallback of close_range(2) that needs no memory: the parent may have threads. */
NO_SANITIZE static void spawn_close_from(int first)
{
	struct rlimit limit;
	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 1u << 20)
		limit.rlim_cur = 1u << 20;
	for (int fd = first; fd < (int)limit.rlim_cur; fd++)
		close(fd);
}

/* First out of the way of 0..n-1, then into place: no descriptor is overwritten before its use. */
NO_SANITIZE static int spawn_place_fds(struct spawn *spawn)
{
	int len = (int)spawn->fds_len;
	for (int i = 0; i < len; i++) {
		if (spawn->fds[i] >= len || spawn->fds[i] == i)
			continue;
		spawn->fds[i] = fcntl(spawn->fds[i], F_DUPFD_CLOEXEC, len);
		if (spawn->fds[i] < 0)
			return -1;
	}
	for (int i = 0; i < len; i++) {
		int rc = spawn->fds[i] == i ? fcntl(i, F_SETFD, 0) : dup2(spawn->fds[i], i);
		if (rc < 0)
			return -1;
	}
	spawn_close_from(len);
	return 0;
}

NO_SANITIZE static void spawn_default_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	for (int n = 1; n < _NSIG; n++)
		sigaction(n, &action, NULL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

NO_SANITIZE static int spawn_child(void *argument)
{
	struct spawn *spawn = argument;
	spawn_default_signals();
	if (spawn->is_led && (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)) {
		spawn->errnum = errno;
		spawn->failed_step = "make a process group for";
		_exit(127);
	}
	if (spawn_place_fds(spawn) < 0) {
		spawn->errnum = errno;
		spawn->failed_step = "pass descriptors to";
		_exit(127);
	}
	execve(spawn->path, spawn->argv, spawn->envp);
	spawn->errnum = errno;
	spawn->failed_step = "run";
	_exit(127);
}

int process_spawn(const char *path, char *const argv[], char *const envp[], const int *fds,
		  size_t fds_len, struct process_child *out, struct err *err)
{
	const struct process_program program = {
		.path = path,
		.argv = argv,
		.envp = envp,
		.fds = fds,
		.fds_len = fds_len,
	};
	return process_spawn_program(&program, out, err);
}

int process_spawn_program(const struct process_program *program, struct process_child *out,
			  struct err *err)
{
	const char *path = program->path;
	struct spawn spawn = {
		.path = path,
		.argv = program->argv,
		.envp = program->envp,
		.fds_len = program->fds_len,
		.is_led = program->is_led,
	};
	if (spawn.fds_len > ARRAY_LEN(spawn.fds))
		return err_num(err, EMFILE, "run %s: pass %zu descriptors", path, spawn.fds_len);
	if (spawn.fds_len > 0)
		memcpy(spawn.fds, program->fds, spawn.fds_len * sizeof(spawn.fds[0]));

	/* No handler of ours may run in the child while it shares our memory. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	_Alignas(16) char stack[SPAWN_STACK_BYTES];
	AUTO_FD pidfd = -1;
	int pid = clone(spawn_child, stack + sizeof(stack),
			CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &spawn, &pidfd);
	int saved = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return err_num(err, saved, "run %s: clone", path);
	if (spawn.failed_step != NULL) {
		struct process_exit ignored;
		process_wait(pidfd, &ignored, NULL);
		return err_num(err, spawn.errnum, "%s %s", spawn.failed_step, path);
	}
	*out = (struct process_child){ .pid = pid, .pidfd = fd_take(&pidfd) };
	return 0;
}
