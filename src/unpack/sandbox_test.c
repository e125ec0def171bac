/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody who has taken the worker over can still do: nothing that is not below the
 * directory he was given. Each probe runs inside the real sandbox. Built with
 * -DONGGI_WEAK_UNPACK these tests fail.
 */
#include "unpack/sandbox.h"

#include "sys/fd.h"
#include "sys/tree.h"
#include "unpack/drive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
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

enum { DIR_FD = 3, VIEW_FD = 4 };

/* 0: the wall held. */
typedef int probe_fn(void);

static int probe_host_files(void)
{
	if (open("/etc/passwd", O_RDONLY) >= 0 || open("/proc/self/status", O_RDONLY) >= 0)
		return 1;
	return mkdir("/x", 0700) == 0;
}

static int probe_dotdot(void)
{
	if (openat(DIR_FD, "../outside", O_RDONLY) >= 0 ||
	    openat(DIR_FD, "../../../../../etc/passwd", O_RDONLY) >= 0 ||
	    openat(VIEW_FD, "../outside", O_RDONLY) >= 0)
		return 1;
	return linkat(DIR_FD, "../outside", DIR_FD, "stolen", 0) == 0;
}

static int probe_write_view(void)
{
	return openat(VIEW_FD, "new", O_WRONLY | O_CREAT, 0600) >= 0 || errno == 0;
}

static int probe_exec(void)
{
	char *const argv[] = { NULL };
	int fd = openat(DIR_FD, "program", O_RDONLY);
	syscall(SYS_execveat, fd, "", argv, argv, AT_EMPTY_PATH);
	return errno != EPERM;
}

static int probe_network(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ||
	       socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static int probe_processes(void)
{
	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) != -1)
		return 1;
	if (kill(1, 0) == 0 || ptrace(PTRACE_TRACEME, 0, 0, 0) == 0)
		return 1;
	return syscall(SYS_pidfd_open, 1, 0) >= 0;
}

static int probe_namespaces(void)
{
	return unshare(CLONE_NEWUSER) == 0 || unshare(CLONE_NEWNS) == 0 ||
	       mount("none", "/", "tmpfs", 0, NULL) == 0 || chroot("/") == 0 ||
	       syscall(SYS_fsopen, "tmpfs", 0) >= 0;
}

static int probe_devices(void)
{
	return mknodat(DIR_FD, "disk", S_IFBLK | 0600, 0x800) == 0 ||
	       mknodat(DIR_FD, "null", S_IFCHR | 0600, 0x103) == 0;
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
	       syscall(SYS_prctl, 1, 0, 0, 0, 0) != -1;
}

/* What it must be able to do still works. */
static int probe_work(void)
{
	int fd = openat(DIR_FD, "made", O_WRONLY | O_CREAT | O_EXCL, 0644);
	return fd < 0 || write(fd, "x", 1) != 1 || fchown(fd, 12345, 4294967294u) < 0 ||
	       fchmod(fd, 04755) < 0 || mknodat(DIR_FD, "whiteout", S_IFCHR, 0) < 0 ||
	       linkat(DIR_FD, "made", DIR_FD, "linked", 0) < 0 ||
	       openat(VIEW_FD, "program", O_RDONLY) < 0;
}

/* In a process of its own: arrange the worker's descriptors, go in, run the probe. */
static void probe_main(probe_fn *probe, int dir_fd, int view_fd)
{
	struct err err = { 0 };
	int dir = fcntl(dir_fd, F_DUPFD, 20), view = fcntl(view_fd, F_DUPFD, 20);
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		_exit(101);
	int control = fcntl(pair[1], F_DUPFD, 20), kept = fcntl(pair[0], F_DUPFD, 20);
	if (dup2(control, 1) < 0 || dup2(kept, 0) < 0 || dup2(dir, DIR_FD) < 0 ||
	    dup2(view, VIEW_FD) < 0)
		_exit(102);
	struct sandbox sandbox = { .caps = sandbox_layer_caps(),
				   .control_fd = 1,
				   .write_fd = DIR_FD,
				   .read_fd = VIEW_FD };
	if (sandbox_enter(&sandbox, &err) < 0) {
		fprintf(stderr, "sandbox: %s\n", err.text);
		_exit(103);
	}
	errno = 0;
	_exit(probe());
}

static int run_probe(probe_fn *probe)
{
	char dir[] = "/tmp/onggi-sandbox-XXXXXX", path[64];
	struct err err = { 0 };
	int status = -1;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/outside", dir);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	snprintf(path, sizeof(path), "%s/layer", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	AUTO_FD host_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(openat(host_fd, "program", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
	AUTO_FD view_fd = unpack_view(host_fd, &err);
	AUTO_FD dir_fd = (int)syscall(SYS_open_tree, host_fd, "", 0x1000 | 1 | O_CLOEXEC);
	assert_true(view_fd >= 0 && dir_fd >= 0);
	pid_t pid = fork();
	if (pid == 0)
		probe_main(probe, dir_fd, view_fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_remove(tmp_fd, dir + strlen("/tmp/"), NULL), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define PROBE(name)                                                                                \
	static void name##_holds(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		if (geteuid() != 0) {                                                              \
			print_message("the sandbox needs root: skipped\n");                        \
			skip();                                                                    \
		}                                                                                  \
		if (SANDBOX_IS_SANITIZED) {                                                        \
			print_message("no seccomp under a sanitizer: skipped\n");                  \
			skip();                                                                    \
		}                                                                                  \
		assert_int_equal(run_probe(probe_##name), 0);                                      \
	}
PROBE(host_files)
PROBE(dotdot)
PROBE(write_view)
PROBE(exec)
PROBE(network)
PROBE(processes)
PROBE(namespaces)
PROBE(devices)
PROBE(memory)
PROBE(kernel)
PROBE(work)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_holds),      cmocka_unit_test(host_files_holds),
		cmocka_unit_test(dotdot_holds),    cmocka_unit_test(write_view_holds),
		cmocka_unit_test(exec_holds),      cmocka_unit_test(network_holds),
		cmocka_unit_test(processes_holds), cmocka_unit_test(namespaces_holds),
		cmocka_unit_test(devices_holds),   cmocka_unit_test(memory_holds),
		cmocka_unit_test(kernel_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
