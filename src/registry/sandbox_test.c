/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody who has taken the worker over can still do: speak TCP. Each probe runs inside the
 * real sandbox. Built with -DONGGI_WEAK_FETCH these tests fail.
 */
#include "registry/sandbox.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* 0: the wall held. */
typedef int probe_fn(void);

static int probe_files(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/status", O_RDONLY) >= 0 ||
	    open("/dev/null", O_RDONLY) >= 0 || open("/../../etc/passwd", O_RDONLY) >= 0)
		return 1;
	return open("/new", O_WRONLY | O_CREAT, 0600) >= 0 || open("/etc/hosts", O_WRONLY) >= 0 ||
	       mkdir("/x", 0700) == 0;
}

static int probe_programs(void)
{
	char *const argv[] = { NULL };
	if (execve("/bin/true", argv, argv) == 0 || errno != EPERM)
		return 1;
	syscall(SYS_execveat, 0, "", argv, argv, AT_EMPTY_PATH);
	return errno != EPERM;
}

static int probe_sockets(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ||
	    socket(AF_PACKET, SOCK_RAW, 0) >= 0 || socket(AF_INET, SOCK_RAW, 1) >= 0 ||
	    socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0)
		return 1;
	return bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 || listen(fd, 1) == 0;
}

static int probe_processes(void)
{
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) != -1)
		return 1;
	if (kill(getppid(), 0) == 0 || ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
		return 1;
	return syscall(SYS_pidfd_open, 1, 0) >= 0;
}

static int probe_namespaces(void)
{
	return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNS) == 0 ||
	       mount("none", "/", "tmpfs", 0, NULL) == 0 || chroot("/") == 0 ||
	       syscall(SYS_fsopen, "tmpfs", 0) >= 0;
}

static int probe_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page != MAP_FAILED;
}

static int probe_kernel(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) != -1 || syscall(SYS_keyctl, 0, 0) != -1 ||
	       syscall(SYS_io_uring_setup, 1, NULL) != -1 || syscall(SYS_reboot, 0, 0, 0) != -1 ||
	       syscall(SYS_prctl, 1, 0, 0, 0, 0) != -1 || setuid(0) == 0;
}

/* What it must be able to do still works. */
static int probe_work(void)
{
	char text[8] = "";
	int fd = open("/etc/hosts", O_RDONLY);
	return fd < 0 || read(fd, text, sizeof(text)) != 4 || memcmp(text, "text", 4) != 0 ||
	       socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ||
	       socket(AF_INET, SOCK_DGRAM, 0) < 0;
}

/* Tell that we are inside, then wait to be looked at. */
static int probe_status(void)
{
	char go;
	return write(1, "", 1) != 1 || read(0, &go, 1) < 0;
}

static void probe_main(probe_fn *probe)
{
	static const struct fetch_sandbox_file files[] = { { "etc/hosts", "text", 4 } };
	struct err err = { 0 };
	if (fetch_sandbox_enter(files, 1, &err) < 0) {
		fprintf(stderr, "sandbox: %s\n", err.text);
		_exit(103);
	}
	errno = 0;
	_exit(probe());
}

static int run_probe(probe_fn *probe)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		probe_main(probe);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void skip_where_impossible(void)
{
	if (geteuid() != 0) {
		print_message("this test of the sandbox needs root: skipped\n");
		skip();
	}
	if (FETCH_IS_SANITIZED) {
		print_message("no seccomp under a sanitizer: skipped\n");
		skip();
	}
}

#define PROBE(name)                                                                                \
	static void name##_holds(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		skip_where_impossible();                                                           \
		assert_int_equal(run_probe(probe_##name), 0);                                      \
	}
PROBE(files)
PROBE(programs)
PROBE(sockets)
PROBE(processes)
PROBE(namespaces)
PROBE(memory)
PROBE(kernel)
PROBE(work)

static void has_line(const char *status, const char *line)
{
	if (strstr(status, line) == NULL)
		fail_msg("no \"%s\" in %s", line, status);
}

/* From outside: nobody, without rights, and not to be looked into. */
static void status_holds(void **state)
{
	(void)state;
	int to[2], from[2], status = -1;
	char path[64], byte;
	struct stat st;
	AUTO(struct buf, buf_done) text = { 0 };
	skip_where_impossible();
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
			_exit(101);
		close(to[1]);
		probe_main(probe_status);
	}
	assert_int_equal(read(from[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fd_read_all(fd, 65536, path, &text, NULL), 0);
	has_line(buf_str(&text), "Uid:\t65534\t65534\t65534\t65534\n");
	has_line(buf_str(&text), "Gid:\t65534\t65534\t65534\t65534\n");
	has_line(buf_str(&text), "Groups:\t \n");
	has_line(buf_str(&text), "CapEff:\t0000000000000000\n");
	has_line(buf_str(&text), "CapBnd:\t0000000000000000\n");
	has_line(buf_str(&text), "NoNewPrivs:\t1\n");
	has_line(buf_str(&text), "Seccomp:\t2\n");
	/* Undumpable: its files in /proc are root's, although it is nobody. */
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 0);
	close(to[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(to[0]);
	close(from[0]);
	close(from[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_holds),      cmocka_unit_test(files_holds),
		cmocka_unit_test(programs_holds),  cmocka_unit_test(sockets_holds),
		cmocka_unit_test(processes_holds), cmocka_unit_test(namespaces_holds),
		cmocka_unit_test(memory_holds),    cmocka_unit_test(kernel_holds),
		cmocka_unit_test(status_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
