/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *const no_environment[] = { NULL };

static void test_fork_and_exit_status(void **state)
{
	(void)state;
	struct process_clone clone = { .cgroup_fd = -1 };
	struct process_exit exit;
	pid_t pid = process_fork(&clone, NULL);
	if (pid == 0)
		_exit(42);
	assert_true(pid > 0);
	AUTO_FD pidfd = clone.out_pidfd;
	assert_int_equal(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(process_wait(pidfd, &exit, NULL), 0);
	assert_false(exit.is_signaled);
	assert_int_equal(process_exit_code(&exit), 42);
}

static void test_signal_and_its_status(void **state)
{
	(void)state;
	struct process_clone clone = { .cgroup_fd = -1, .no_signal = true };
	struct process_exit exit;
	pid_t pid = process_fork(&clone, NULL);
	if (pid == 0) {
		for (;;)
			pause();
	}
	AUTO_FD pidfd = clone.out_pidfd;
	assert_int_equal(process_signal(pidfd, SIGKILL, NULL), 0);
	assert_int_equal(process_wait(pidfd, &exit, NULL), 0);
	assert_true(exit.is_signaled);
	assert_int_equal(process_exit_code(&exit), 128 + SIGKILL);
	/* It is gone: no error, and nobody else is hit. */
	assert_int_equal(process_signal(pidfd, SIGKILL, NULL), 0);
}

struct borrowed {
	pid_t pid, sibling;
};

NO_SANITIZE static void write_and_leave(void *context)
{
	struct borrowed *borrowed = context;
	borrowed->pid = getpid();
	borrowed->sibling = process_fork_sibling(NULL);
	syscall(SYS_exit_group, borrowed->sibling == 0 ? 7 : 5);
}

static void test_borrow(void **state)
{
	(void)state;
	struct borrowed borrowed = { 0 };
	struct process_clone clone = { .cgroup_fd = -1, .out_pidfd = -1 };
	struct process_exit how;
	struct err err = { 0 };
	for (int is_apart = 0; is_apart < 2; is_apart++) {
		borrowed.sibling = -1;
		clone.is_apart = is_apart != 0;
		pid_t pid = process_borrow(&clone, write_and_leave, &borrowed, &err);
		assert_true(pid > 0);
		assert_int_equal(process_wait(clone.out_pidfd, &how, &err), 0);
		assert_int_equal(how.status, 5);
		close(clone.out_pidfd);
		/* The other one is our child, and nobody else's. */
		int status;
		pid_t other = waitpid(-1, &status, __WALL);
		assert_true(other > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7);
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
		if (is_apart == 0) {
			assert_int_equal(borrowed.pid, pid);
			assert_int_equal(borrowed.sibling, other);
		}
#endif
		assert_true(is_apart == 0 || borrowed.sibling == -1);
	}
}

static void test_new_namespaces(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root for new namespaces\n");
		skip();
	}
	struct process_clone clone = { .cgroup_fd = -1, .flags = CLONE_NEWPID | CLONE_NEWUTS };
	struct process_exit exit;
	pid_t pid = process_fork(&clone, NULL);
	if (pid == 0)
		_exit(syscall(SYS_getpid) == 1 ? 0 : 1);
	assert_true(pid > 1);
	AUTO_FD pidfd = clone.out_pidfd;
	assert_int_equal(process_wait(pidfd, &exit, NULL), 0);
	assert_int_equal(process_exit_code(&exit), 0);
}

/* Spawns /bin/sh -c TEXT with a pipe as stdout; what it prints is in `out`. */
static int spawn_script(const char *text, const int *extra_fds, size_t extra_len, struct buf *out)
{
	int pipe_fds[2], fds[8];
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	AUTO_FD read_fd = pipe_fds[0], write_fd = pipe_fds[1];
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[0] = null_fd;
	fds[1] = write_fd;
	fds[2] = null_fd;
	for (size_t i = 0; i < extra_len; i++)
		fds[3 + i] = extra_fds[i];
	char shell[] = "sh", option[] = "-c", script[512];
	snprintf(script, sizeof(script), "%s", text);
	char *const argv[] = { shell, option, script, NULL };
	struct process_child child;
	struct process_exit exit;
	assert_int_equal(
		process_spawn("/bin/sh", argv, no_environment, fds, 3 + extra_len, &child, NULL),
		0);
	AUTO_FD pidfd = child.pidfd;
	fd_close(&write_fd);
	assert_int_equal(fd_read_all(read_fd, 1 << 20, "output", out, NULL), 0);
	assert_int_equal(process_wait(pidfd, &exit, NULL), 0);
	return process_exit_code(&exit);
}

static void test_spawn_passes_only_what_it_is_given(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) out = { 0 };
	/* Not close-on-exec, on purpose: it must be closed all the same. */
	int stray_fd = open("/dev/null", O_RDONLY);
	assert_true(stray_fd > 2);
	/* 10 and up are the shell's own. */
	int code = spawn_script("for n in 0 1 2 3 4 5 6 7 8 9; do"
				" [ ! -e /proc/$$/fd/$n ] || printf $n; done; exit 3",
				&stray_fd, 1, &out);
	close(stray_fd);
	assert_int_equal(code, 3);
	assert_string_equal(buf_str(&out), "0123");
}

/* The descriptors are a permutation: none may be overwritten before it is copied. */
static void test_spawn_fds_in_any_order(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) out = { 0 };
	int a[2], b[2];
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_int_equal(write(a[1], "A", 1), 1);
	assert_int_equal(write(b[1], "B", 1), 1);
	int fds[] = { b[0], a[0] };
	int code = spawn_script("head -c1 <&3; head -c1 <&4", fds, 2, &out);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	assert_int_equal(code, 0);
	assert_string_equal(buf_str(&out), "BA");
}

static void test_spawn_resets_signals(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) out = { 0 };
	sigset_t blocked, before;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	sigaction(SIGPIPE, &ignore, &old);
	spawn_script("while read -r k v; do case $k in SigBlk:|SigIgn:) echo $v;; esac; done "
		     "</proc/$$/status",
		     NULL, 0, &out);
	sigaction(SIGPIPE, &old, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_string_equal(buf_str(&out), "0000000000000000\n0000000000000000\n");
}

static void test_spawn_reports_exec_here(void **state)
{
	(void)state;
	char name[] = "x";
	char *const argv[] = { name, NULL };
	struct err err = { 0 };
	struct process_child child = { .pid = -7, .pidfd = -7 };
	assert_int_equal(
		process_spawn("/no/such/program", argv, no_environment, NULL, 0, &child, &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_non_null(strstr(err.text, "/no/such/program"));
	assert_int_equal(child.pid, -7);
	assert_int_equal(process_spawn("/etc/passwd", argv, no_environment, NULL, 0, &child, &err),
			 -1);
	assert_int_equal(err.errnum, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_and_exit_status),
		cmocka_unit_test(test_signal_and_its_status),
		cmocka_unit_test(test_borrow),
		cmocka_unit_test(test_new_namespaces),
		cmocka_unit_test(test_spawn_passes_only_what_it_is_given),
		cmocka_unit_test(test_spawn_fds_in_any_order),
		cmocka_unit_test(test_spawn_resets_signals),
		cmocka_unit_test(test_spawn_reports_exec_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
