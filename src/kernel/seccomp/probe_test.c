/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The default profile in the kernel: calls made under it, one by one, in every ABI that the
 * machine has. Arguments are such that the bare kernel answers otherwise, which a run without the
 * filter proves.
 */
#include "kernel/caps/caps.h"
#include "kernel/seccomp/seccomp.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define X32 0x40000000

struct probe {
	const char *name;
	long number;
	long args[3];
	int errnum; /* expected; 0: success, -1: anything but EPERM and ENOSYS */
};

#if defined(__x86_64__)
static const struct probe native[] = {
	{ "getpid", SYS_getpid, { 0 }, 0 },
	{ "mount", SYS_mount, { 0 }, EPERM },
	{ "umount2", SYS_umount2, { 0 }, EPERM },
	{ "pivot_root", SYS_pivot_root, { 0 }, EPERM },
	{ "unshare", SYS_unshare, { 0 }, EPERM },
	{ "setns", SYS_setns, { -1 }, EPERM },
	{ "fsopen", SYS_fsopen, { 0 }, EPERM },
	{ "open_tree", SYS_open_tree, { -1 }, EPERM },
	{ "move_mount", SYS_move_mount, { -1 }, EPERM },
	{ "mount_setattr", SYS_mount_setattr, { -1 }, EPERM },
	{ "sethostname", SYS_sethostname, { 0, -1 }, EPERM },
	{ "reboot", SYS_reboot, { 0 }, EPERM },
	{ "swapon", SYS_swapon, { 0 }, EPERM },
	{ "add_key", SYS_add_key, { 0 }, EPERM },
	{ "request_key", SYS_request_key, { 0 }, EPERM },
	{ "keyctl", SYS_keyctl, { -1 }, EPERM },
	{ "bpf", SYS_bpf, { -1 }, EPERM },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, EPERM },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1 }, EPERM },
	{ "userfaultfd", SYS_userfaultfd, { -1 }, EPERM },
	{ "io_uring_setup", SYS_io_uring_setup, { 0 }, EPERM },
	{ "io_uring_enter", SYS_io_uring_enter, { -1 }, EPERM },
	{ "kcmp", SYS_kcmp, { -1 }, EPERM },
	{ "pidfd_getfd", SYS_pidfd_getfd, { -1 }, EPERM },
	{ "get_mempolicy", SYS_get_mempolicy, { 0 }, EPERM },
	{ "acct", SYS_acct, { 1 }, EPERM },
	{ "syslog", SYS_syslog, { -1 }, EPERM },
	{ "quotactl", SYS_quotactl, { 0 }, EPERM },
	{ "fanotify_init", SYS_fanotify_init, { -1 }, EPERM },
	{ "clone3", SYS_clone3, { 0 }, ENOSYS },
	{ "clone of a user namespace", SYS_clone, { CLONE_NEWUSER | CLONE_THREAD }, EPERM },
	{ "clone of a mount namespace", SYS_clone, { CLONE_NEWNS | CLONE_FS }, EPERM },
	{ "socket AF_ALG", SYS_socket, { 38, SOCK_SEQPACKET }, EPERM },
	{ "socket AF_ALG, high bits", SYS_socket, { 0x100000026, SOCK_SEQPACKET }, EPERM },
	{ "socket AF_VSOCK", SYS_socket, { 40, SOCK_STREAM }, EPERM },
	{ "socket AF_UNIX", SYS_socket, { AF_UNIX, SOCK_STREAM }, 0 },
	{ "personality query", SYS_personality, { 0xffffffff }, 0 },
	{ "personality without randomising", SYS_personality, { 0x0040000 }, EPERM },
	{ "ptrace", SYS_ptrace, { 16, -1 }, -1 },
	{ "chroot", SYS_chroot, { 0 }, EFAULT },
	{ "statx", SYS_statx, { -1, 0 }, -1 },
	{ "a call of the future", 1000, { 0 }, ENOSYS },
	{ "x32 getpid", X32 | 39, { 0 }, ENOSYS },
};

/* Numbers of i386. */
static const struct probe i386[] = {
	{ "getpid", 20, { 0 }, 0 },
	{ "mount", 21, { 0 }, EPERM },
	{ "umount", 22, { 0 }, EPERM },
	{ "unshare", 310, { 0 }, EPERM },
	{ "setns", 346, { -1 }, EPERM },
	{ "keyctl", 288, { -1 }, EPERM },
	{ "bpf", 357, { -1 }, EPERM },
	{ "io_uring_setup", 425, { 0 }, EPERM },
	{ "socket AF_ALG", 359, { 38, SOCK_SEQPACKET }, EPERM },
	{ "socket AF_UNIX", 359, { AF_UNIX, SOCK_STREAM }, 0 },
	{ "clone3", 435, { 0 }, ENOSYS },
	{ "a call of the future", 1000, { 0 }, ENOSYS },
};

static long call_native(const struct probe *probe)
{
	long rc = syscall(probe->number, probe->args[0], probe->args[1], probe->args[2], 0, 0, 0);
	return rc < 0 ? -errno : rc;
}

static long call_i386(const struct probe *probe)
{
	int rc;
	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"((int)probe->number), "b"((int)probe->args[0]),
			   "c"((int)probe->args[1]), "d"((int)probe->args[2]), "S"(0), "D"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return rc;
}

static bool install(void)
{
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	struct seccomp_context context = { .caps = caps_default() };
	struct err err = { 0 };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_compile(seccomp_default_profile(), &context, &program, &err) < 0 ||
	    seccomp_install(&program, &err) < 0) {
		dprintf(STDERR_FILENO, "%s\n", err.text);
		return false;
	}
	return true;
}

static bool is_expected(const struct probe *probe, long rc)
{
	if (probe->errnum == -1)
		return rc != -EPERM && rc != -ENOSYS;
	return probe->errnum == 0 ? rc >= 0 : rc == -probe->errnum;
}

/* In a child: its exit status is the number of wrong answers. */
static int run_probes(const struct probe *probes, size_t len, long (*call)(const struct probe *),
		      bool is_filtered)
{
	if (is_filtered && !install())
		return 255;
	int wrong = 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_filtered && probes[i].errnum != EPERM)
			continue;
		long rc = call(&probes[i]);
		bool is_right = is_filtered ? is_expected(&probes[i], rc) : rc != -EPERM;
		if (is_right)
			continue;
		dprintf(STDERR_FILENO, "%s%s: %ld\n", probes[i].name,
			is_filtered ? "" : " without the filter", rc);
		wrong++;
	}
	return wrong;
}

static int status_of(pid_t pid)
{
	int status = 0;
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void native_calls(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(run_probes(native, ARRAY_LEN(native), call_native, true));
	assert_int_equal(status_of(pid), 0);
}

static void i386_calls(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(call_i386(&i386[0]) > 0 ? 0 : 1);
	if (status_of(pid) != 0) {
		print_message("this kernel has no i386 calls\n");
		skip();
	}
	pid = fork();
	if (pid == 0)
		_exit(run_probes(i386, ARRAY_LEN(i386), call_i386, true));
	assert_int_equal(status_of(pid), 0);
}

/* Only some of the probes: what the bare kernel would really do must be harmless. */
static void the_bare_kernel_says_otherwise(void **state)
{
	(void)state;
	static const char *const harmless[] = {
		"umount2", "setns",           "fsopen",         "add_key",           "keyctl",
		"bpf",     "perf_event_open", "io_uring_setup", "open_by_handle_at", "unshare"
	};
	struct caps caps = { 0 };
	caps_read_self(&caps, NULL);
	if (geteuid() != 0 || (caps.effective & UINT64_C(1) << 21) == 0) {
		print_message("needs CAP_SYS_ADMIN\n");
		skip();
	}
	struct probe probes[ARRAY_LEN(harmless)];
	size_t len = 0;
	for (size_t i = 0; i < ARRAY_LEN(native); i++)
		for (size_t h = 0; h < ARRAY_LEN(harmless); h++)
			if (strcmp(native[i].name, harmless[h]) == 0)
				probes[len++] = native[i];
	assert_int_equal(len, ARRAY_LEN(harmless));
	pid_t pid = fork();
	if (pid == 0)
		_exit(run_probes(probes, len, call_native, false));
	assert_int_equal(status_of(pid), 0);
}
#endif

/* Our own fork and spawn as well; for fork that is the path of kernels without clone3. */
static int run_ours(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	struct process_exit status = { 0 };
	struct process_child child;
	struct process_clone clone = { .cgroup_fd = -1, .out_pidfd = -1 };
	if (!install())
		return 1;
	pid_t pid = process_fork(&clone, NULL);
	if (pid == 0)
		_exit(42);
	if (pid < 0 || process_wait(clone.out_pidfd, &status, NULL) < 0 || status.status != 42)
		return 2;
	clone = (struct process_clone){ .cgroup_fd = -1, .no_signal = true };
	pid = process_fork(&clone, NULL);
	if (pid == 0)
		_exit(43);
	if (pid < 0 || process_wait(clone.out_pidfd, &status, NULL) < 0 || status.status != 43)
		return 3;
	struct err err = { 0 };
	clone = (struct process_clone){ .cgroup_fd = -1, .flags = CLONE_NEWTIME };
	if (process_fork(&clone, &err) != -1 || err.kind != ERR_UNSUPPORTED)
		return 4;
	if (process_spawn("/bin/true", argv, argv + 1, NULL, 0, &child, NULL) < 0 ||
	    process_wait(child.pidfd, &status, NULL) < 0 || process_exit_code(&status) != 0)
		return 5;
	return 0;
}

static void our_processes_work(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(run_ours());
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void *thread_main(void *argument)
{
	return argument;
}

/* The C library falls back from clone3 to clone. */
static int run_libc(void)
{
	pthread_t thread;
	int token = 0;
	void *result = NULL;
	pid_t pid;
	char *argv[] = { (char[]){ "true" }, NULL };
	if (!install())
		return 1;
	if (pthread_create(&thread, NULL, thread_main, &token) != 0 ||
	    pthread_join(thread, &result) != 0 || result != &token)
		return 2;
	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL) != 0)
		return 3;
	int status;
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 4;
}

static void the_c_library_works(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(run_libc());
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(native_calls),
		cmocka_unit_test(i386_calls),
		cmocka_unit_test(the_bare_kernel_says_otherwise),
#endif
		cmocka_unit_test(the_c_library_works),
		cmocka_unit_test(our_processes_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
