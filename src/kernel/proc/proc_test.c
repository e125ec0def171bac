/* SPDX-License-Identifier: Apache-2.0 */

/* Everything that changes the caller runs in a child. */
#include "base/warn.h"
#include "kernel/proc/keyring.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/sysctl.h"
#include "kernel/proc/tty.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SKIPPED 77
#define EXPECT(claim)                                                                              \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			dprintf(STDERR_FILENO, "line %d: %s\n", __LINE__, #claim);                 \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static int warnings;

static void count_warning(const char *text)
{
	(void)text;
	warnings++;
}

static void in_child(int (*body)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		warn_to(count_warning);
		_exit(body());
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		skip();
	assert_int_equal(status, 0);
}

static int text_of(int dir_fd, const char *path, char *out, size_t size)
{
	AUTO_FD fd = procfs_open_below(dir_fd, path, O_RDONLY, NULL);
	ssize_t n = fd >= 0 ? read(fd, out, size - 1) : -1;
	if (n < 0)
		return -1;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static void procfs_is_our_own(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_FD proc_fd = procfs_open(&err);
	if (proc_fd < 0)
		fail_msg("%s", err.text);
	assert_int_equal(fcntl(proc_fd, F_GETFD), FD_CLOEXEC);
	AUTO_FD self_fd = procfs_open_self(proc_fd, &err);
	assert_true(self_fd >= 0);
	char stat[256];
	assert_int_equal(text_of(self_fd, "stat", stat, sizeof(stat)), 0);
	assert_int_equal(strtol(stat, NULL, 10), getpid());
	/* Neither symlinks, nor magic links, nor the way up. */
	static const char *const bad[] = { "self/status", "../etc/passwd", "1/root",
					   "1/cwd/x",     "mounts",        "/proc/1/status" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(procfs_open_below(proc_fd, bad[i], O_RDONLY, NULL), -1);
}

/* What a container could do to /proc: our procfs does not see it, and the visible one is refused.
 */
static int cover_proc(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return SKIPPED;
	AUTO_FD visible_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	EXPECT(mount("none", "/proc/sys", "tmpfs", 0, NULL) == 0);
	EXPECT(mkdir("/proc/sys/net", 0755) == 0);
	EXPECT(procfs_open_below(visible_fd, "sys/net", O_PATH, NULL) < 0 && errno == EXDEV);
	EXPECT(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
	AUTO_FD proc_fd = procfs_open(NULL);
	AUTO_FD self_fd = procfs_open_self(proc_fd, NULL);
	EXPECT(self_fd >= 0);
	char text[64];
	EXPECT(text_of(proc_fd, "sys/kernel/ostype", text, sizeof(text)) == 0);
	EXPECT(strcmp(text, "Linux") == 0);
	return 0;
}

static void a_covered_proc_does_not_matter(void **state)
{
	(void)state;
	in_child(cover_proc);
}

static void limits_by_name(void **state)
{
	(void)state;
	assert_int_equal(rlimit_by_name("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	assert_int_equal(rlimit_by_name("nofile"), RLIMIT_NOFILE);
	assert_int_equal(rlimit_by_name("NOFILE"), RLIMIT_NOFILE);
	assert_int_equal(rlimit_by_name("RLIMIT_"), -1);
	assert_int_equal(rlimit_by_name("files"), -1);
	for (int i = 0; i < 16; i++)
		assert_int_equal(rlimit_by_name(rlimit_name(i)), i);
	assert_null(rlimit_name(16));
	assert_null(rlimit_name(-1));
}

static int set_limits(void)
{
	struct rlimit now, before;
	getrlimit(RLIMIT_NOFILE, &before);
	const struct rlimit_entry lower[] = { { RLIMIT_NOFILE, 64, 128 }, { RLIMIT_CORE, 0, 0 } };
	EXPECT(rlimit_apply(lower, 2, NULL) == 0);
	EXPECT(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 64 && now.rlim_max == 128);
	const struct rlimit_entry wrong = { RLIMIT_NOFILE, 3, 2 };
	struct err err = { 0 };
	EXPECT(rlimit_apply(&wrong, 1, &err) == -1 && err.kind == ERR_INVALID);
	const struct rlimit_entry unknown = { 99, 1, 1 };
	EXPECT(rlimit_apply(&unknown, 1, &err) == -1 && err.kind == ERR_INVALID);
	/* nobody may not raise it again */
	if (setresuid(65534, 65534, 65534) < 0)
		return SKIPPED;
	const struct rlimit_entry higher = { RLIMIT_NOFILE, 100, UINT64_MAX };
	EXPECT(warnings == 0);
	EXPECT(rlimit_apply(&higher, 1, NULL) == 0 && warnings == 1);
	EXPECT(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 100 && now.rlim_max == 128);
	return 0;
}

static void limits_are_set_or_capped(void **state)
{
	(void)state;
	in_child(set_limits);
}

static void sysctls_stay_in_the_namespaces(void **state)
{
	(void)state;
	static const struct sysctl_scope none = { 0 }, all = { true, true, true, true },
					 net = { .has_net = true }, ipc = { .has_ipc = true };
	static const struct {
		const char *name, *value;
		const struct sysctl_scope *scope;
		bool is_allowed;
	} cases[] = {
		{ "net.ipv4.ip_forward", "1", &net, true },
		{ "net/ipv4/ip_forward", "1", &net, true },
		{ "net.ipv4.conf.eth0/1.forwarding", "1", &net, true },
		{ "net.ipv4.ip_forward", "1", &ipc, false },
		{ "net.ipv4.ping_group_range", "0 2147483647", &net, true },
		{ "net", "1", &all, false },
		{ "net.", "1", &all, false },
		{ "network.x", "1", &all, false },
		{ "kernel.shmmax", "1", &ipc, true },
		{ "kernel.shmmax", "1", &net, false },
		{ "kernel.shmmaximum", "1", &all, false },
		{ "kernel.sem", "1 2 3 4", &ipc, true },
		{ "kernel.msgmni", "1", &ipc, true },
		{ "kernel.shm_rmid_forced", "1", &ipc, true },
		{ "fs.mqueue.msg_max", "1", &ipc, true },
		{ "fs.mqueue.msg_max", "1", &none, false },
		{ "fs.file-max", "1", &all, false },
		{ "user.max_user_namespaces", "1", &all, true },
		{ "user.max_user_namespaces", "1", &net, false },
		{ "kernel.core_pattern", "x", &all, false },
		{ "kernel.hostname", "x", &all, false },
		{ "kernel.domainname", "x", &all, true }, /* docker's --domainname */
		{ "kernel.domainname", "x", &net, false },
		{ "vm.overcommit_memory", "1", &all, false },
		{ "kernel.shm_rmid_forced=1+kernel.core_pattern", "x", &all, false },
		{ "net/../kernel/core_pattern", "x", &all, false },
		{ "net.//.x", "x", &all, false },
		{ "net./.x", "x", &all, false },
		{ "net..x", "x", &all, false },
		{ ".net.x", "x", &all, false },
		{ "/net/x", "x", &all, false },
		{ "net.ipv4\n.x", "x", &all, false },
		{ "", "x", &all, false },
		{ "net.ipv4.ip_forward", "1\n2", &net, false },
		{ "net.ipv4.ip_forward", "\xff", &net, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = { 0 };
		int rc = sysctl_check(cases[i].name, cases[i].value, cases[i].scope, &err);
		if ((rc == 0) != cases[i].is_allowed)
			fail_msg("%s: %d %s", cases[i].name, rc, err.text);
		assert_int_equal(err.kind, rc == 0 ? ERR_NONE : ERR_INVALID);
	}
}

static int write_sysctl(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWIPC) < 0)
		return SKIPPED;
	char text[64];
	struct err err = { 0 };
	AUTO_FD proc_fd = procfs_open(NULL);
	EXPECT(sysctl_write(proc_fd, "net.ipv4.ip_forward", "1", NULL) == 0);
	EXPECT(text_of(proc_fd, "sys/net/ipv4/ip_forward", text, sizeof(text)) == 0);
	EXPECT(strcmp(text, "1") == 0);
	EXPECT(sysctl_write(proc_fd, "kernel/msgmax", "4321", NULL) == 0);
	EXPECT(text_of(proc_fd, "sys/kernel/msgmax", text, sizeof(text)) == 0);
	EXPECT(strcmp(text, "4321") == 0);
	EXPECT(sysctl_write(proc_fd, "net.ipv4.no_such", "1", &err) < 0 && err.errnum == ENOENT);
	EXPECT(sysctl_write(proc_fd, "net.ipv4.ip_forward", "x", &err) < 0 && err.errnum == EINVAL);
	return 0;
}

static void sysctls_are_written_in_new_namespaces(void **state)
{
	(void)state;
	in_child(write_sysctl);
}

static int set_scheduling(void)
{
	struct err err = { 0 };
	struct sched_policy batch = { .is_set = true, .policy = SCHED_BATCH, .nice = 7 };
	EXPECT(sched_apply_policy(&batch, 0, NULL) == 0);
	EXPECT(sched_getscheduler(0) == SCHED_BATCH && getpriority(PRIO_PROCESS, 0) == 7);
	struct sched_policy unknown = { .is_set = true, .policy = 99 };
	EXPECT(sched_apply_policy(&unknown, 0, &err) < 0 && err.errnum == EINVAL);
	unknown.is_set = false;
	EXPECT(sched_apply_policy(&unknown, 0, NULL) == 0);
	struct sched_ioprio idle = { .is_set = true, .class = 3, .level = 0 };
	EXPECT(sched_apply_ioprio(&idle, NULL) == 0);
	EXPECT(syscall(SYS_ioprio_get, 1, 0) == 3 << 13);
	idle.class = 4;
	EXPECT(sched_apply_ioprio(&idle, &err) < 0 && err.kind == ERR_INVALID);
	AUTO_FD proc_fd = procfs_open(NULL);
	AUTO_FD self_fd = procfs_open_self(proc_fd, NULL);
	char text[16];
	EXPECT(sched_apply_oom_score(self_fd, 321, NULL) == 0);
	EXPECT(text_of(self_fd, "oom_score_adj", text, sizeof(text)) == 0);
	EXPECT(strcmp(text, "321") == 0 && warnings == 0);
	EXPECT(sched_apply_oom_score(self_fd, 1001, &err) < 0 && err.kind == ERR_INVALID);
	if (setresuid(65534, 65534, 65534) == 0) {
		EXPECT(sched_apply_oom_score(self_fd, -5, NULL) == 0 && warnings == 1);
	}
	return 0;
}

static void scheduling(void **state)
{
	(void)state;
	in_child(set_scheduling);
}

static long keyring_serial(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3 /* session */, 0, 0, 0);
}

static int join_keyring(void)
{
	long before = keyring_serial();
	if (before < 0)
		return SKIPPED;
	EXPECT(keyring_join_new(NULL, NULL) == 0);
	long first = keyring_serial();
	EXPECT(keyring_join_new(NULL, NULL) == 0);
	EXPECT(first != before && keyring_serial() != first);
	return 0;
}

static void each_session_keyring_is_new(void **state)
{
	(void)state;
	in_child(join_keyring);
}

static int use_terminal(void)
{
	/* Left open until the exit: its close would hang up on us as the session's leader. */
	int master_fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlocked = 0;
	if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return SKIPPED;
	AUTO_FD slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	EXPECT(slave_fd >= 0 && setsid() == getpid());
	uint16_t rows = 0, columns = 0;
	EXPECT(tty_set_size(master_fd, 33, 77, NULL) == 0);
	EXPECT(tty_get_size(slave_fd, &rows, &columns, NULL) == 0 && rows == 33 && columns == 77);
	struct termios before, raw, after;
	EXPECT(tcgetattr(slave_fd, &before) == 0);
	struct termios saved;
	EXPECT(tty_make_raw(slave_fd, &saved, NULL) == 0);
	EXPECT(tcgetattr(slave_fd, &raw) == 0 && (raw.c_lflag & (ICANON | ECHO | ISIG)) == 0);
	tty_restore(slave_fd, &saved);
	EXPECT(tcgetattr(slave_fd, &after) == 0 && after.c_lflag == before.c_lflag);
	AUTO_FD stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	EXPECT(tty_become_console(slave_fd, NULL) == 0);
	bool is_console = isatty(0) && isatty(1) && isatty(2) && tcgetsid(0) == getpid() &&
			  fcntl(0, F_GETFD) == 0;
	dup2(stderr_fd, STDERR_FILENO);
	dup2(stderr_fd, STDOUT_FILENO);
	EXPECT(is_console);
	AUTO_FD pipe_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	EXPECT(tty_set_size(pipe_fd, 1, 1, NULL) < 0 && tty_make_raw(pipe_fd, &saved, NULL) < 0);
	return 0;
}

static void terminals(void **state)
{
	(void)state;
	in_child(use_terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(procfs_is_our_own),
		cmocka_unit_test(a_covered_proc_does_not_matter),
		cmocka_unit_test(limits_by_name),
		cmocka_unit_test(limits_are_set_or_capped),
		cmocka_unit_test(sysctls_stay_in_the_namespaces),
		cmocka_unit_test(sysctls_are_written_in_new_namespaces),
		cmocka_unit_test(scheduling),
		cmocka_unit_test(each_session_keyring_is_new),
		cmocka_unit_test(terminals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
