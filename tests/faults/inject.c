/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets one system call of a command fail, or kills the process that makes it.
 *
 *	inject REPORT list -- COMMAND...                 runs it, and tells of every call
 *	inject REPORT fail PROCESS NUMBER ERRNO -- ...   that call is not made, and has failed
 *	inject REPORT kill PROCESS NUMBER -- ...         SIGKILL on entering that call
 *
 * Processes are numbered from 0 as they appear, calls within each from 0. A process other than the
 * command's own is let go when it executes something: that is a container's program, or a hook.
 * REPORT gets lines "call PROCESS NUMBER SYSCALL", "hit SYSCALL" and "process PID". The status is
 * the command's, or 128 + its signal. Source: ptrace(2); x86-64 and its calling convention only
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |  \
	 PTRACE_O_TRACEEXEC)

struct process {
	pid_t pid;
	long calls;
	bool is_inside, is_hit, has_begun;
};

static struct process processes[PROCESSES_MAX];
static size_t processes_len;
static FILE *report;
static char mode;
static long want_process = -1, want_number = -1, want_errno;

static struct process *find(pid_t pid)
{
	for (size_t i = 0; i < processes_len; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (processes_len == PROCESSES_MAX)
		exit(99);
	fprintf(report, "process %d\n", (int)pid);
	processes[processes_len] = (struct process){ .pid = pid };
	return &processes[processes_len++];
}

static void on_entry(struct process *process, struct user_regs_struct *regs)
{
	long index = process - processes, number = process->calls++;
	if (mode == 'l')
		fprintf(report, "call %ld %ld %lld\n", index, number, regs->orig_rax);
	if (index != want_process || number != want_number)
		return;
	fprintf(report, "hit %lld\n", regs->orig_rax);
	if (mode == 'k') {
		kill(process->pid, SIGKILL);
		return;
	}
	process->is_hit = true;
	regs->orig_rax = (unsigned long long)-1;
	ptrace(PTRACE_SETREGS, process->pid, NULL, regs);
}

static void on_syscall(struct process *process)
{
	struct user_regs_struct regs;
	process->is_inside = !process->is_inside;
	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &regs) < 0)
		return;
	if (process->is_inside) {
		on_entry(process, &regs);
	} else if (process->is_hit) {
		process->is_hit = false;
		regs.rax = (unsigned long long)-want_errno;
		ptrace(PTRACE_SETREGS, process->pid, NULL, &regs);
	}
}

/* What to continue it with: a signal, or none. -1: it has been let go. */
static int on_stop(struct process *process, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);
	if (number == (SIGTRAP | 0x80)) {
		on_syscall(process);
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC && process != &processes[0]) {
		ptrace(PTRACE_DETACH, process->pid, NULL, NULL);
		return -1;
	}
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		unsigned long child = 0;
		if (ptrace(PTRACE_GETEVENTMSG, process->pid, NULL, &child) == 0 && child > 0)
			find((pid_t)child);
	}
	if (event != 0)
		return 0;
	if (number == SIGSTOP && !process->has_begun) {
		process->has_begun = true; /* that is how a new one is reported */
		return 0;
	}
	return number;
}

/* Whoever is left goes on untraced when we leave; the stop that a new one begins with must not
 * stay. */
static void let_go(void)
{
	for (size_t i = 1; i < processes_len; i++)
		kill(processes[i].pid, SIGCONT);
}

/* Until the command itself has ended. */
static int trace(pid_t command)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			return errno == EINTR ? 99 : 98;
		if (pid == command && WIFEXITED(status))
			return WEXITSTATUS(status);
		if (pid == command && WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		if (!WIFSTOPPED(status))
			continue;
		int number = on_stop(find(pid), status);
		if (number >= 0)
			ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)number);
	}
}

static pid_t start(char **words)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		fclose(report);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(words[0], words);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		exit(97);
	find(pid)->has_begun = true;
	ptrace(PTRACE_SETOPTIONS, pid, NULL, OPTIONS);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return pid;
}

static long number(const char *text)
{
	return strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	int at = 3;
	if (argc < 5 || (report = fopen(argv[1], "we")) == NULL)
		return 96;
	setvbuf(report, NULL, _IOLBF, 0);
	mode = argv[2][0];
	if (mode != 'l' && argc > 6) {
		want_process = number(argv[3]);
		want_number = number(argv[4]);
		want_errno = mode == 'f' ? number(argv[5]) : 0;
		at = mode == 'f' ? 6 : 5;
	}
	if (strcmp(argv[at], "--") != 0 || argv[at + 1] == NULL)
		return 96;
	int status = trace(start(argv + at + 1));
	let_go();
	return status;
}
