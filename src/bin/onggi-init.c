/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init of a container started with --init: starts the program, passes signals on to it, reaps
 * whatever is orphaned, and ends as the program ended. It must be small (one page of stack, no
 * heap) because it stays for the container's whole life.
 *
 *	onggi-init -- PROGRAM [ARG...]
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void complain(const char *what, const char *why)
{
	static const char prefix[] = "onggi-init: ";
	ssize_t ignored = write(STDERR_FILENO, prefix, sizeof(prefix) - 1);
	ignored = write(STDERR_FILENO, what, strlen(what));
	ignored = write(STDERR_FILENO, ": ", 2);
	ignored = write(STDERR_FILENO, why, strlen(why));
	ignored = write(STDERR_FILENO, "\n", 1);
	(void)ignored;
}

/* In a session with a terminal the program must be in the foreground, and in a group of its own,
 * so that the terminal's signals reach it and not us. */
static void run_program(char **argv, const sigset_t *caller_mask)
{
	setpgid(0, 0);
	struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };
	sigaction(SIGTTOU, &ignore, NULL); /* tcsetpgrp from the background raises it */
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigaction(SIGTTOU, &standard, NULL);
	sigprocmask(SIG_SETMASK, caller_mask, NULL);
	execvp(argv[0], argv);
	int errnum = errno;
	complain(argv[0], strerror(errnum));
	_exit(errnum == ENOENT ? 127 : 126);
}

/* Reap all that is dead. @return true with the program's exit code when it is among them */
static int reap(pid_t program, int *out_code)
{
	int status, has_ended = 0;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid != program)
			continue;
		*out_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		has_ended = 1;
	}
	return has_ended;
}

int main(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], "--") != 0) {
		complain("usage", "onggi-init -- PROGRAM [ARG...]");
		return 125;
	}
	sigset_t all, caller_mask;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &caller_mask);
	pid_t program = fork();
	if (program < 0) {
		complain("fork", strerror(errno));
		return 125;
	}
	if (program == 0)
		run_program(argv + 2, &caller_mask);
	for (int code = 0;;) {
		int number = sigwaitinfo(&all, NULL);
		if (number == SIGCHLD && reap(program, &code))
			return code;
		/* To the group: a shell's children hear of SIGTERM too, as from a terminal. */
		if (number > 0 && number != SIGCHLD)
			kill(-program, number);
	}
}
