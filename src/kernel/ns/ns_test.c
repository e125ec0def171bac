/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, one at a time: each test is a child, since there is no way back. */
#include "kernel/ns/ns.h"
#include "kernel/ns/privilege.h"

#include "kernel/ns/child_test.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

static void table_names_all(void **state)
{
	(void)state;
	for (int i = 0; i < NS_COUNT; i++) {
		const struct ns_info *info = ns_info((enum ns_type)i);
		assert_int_equal(ns_type_by_name(info->name), i);
		assert_int_equal(ns_type_by_name(info->proc), i);
		assert_true(info->clone_flag != 0 && info->isolates[0] != '\0');
	}
	assert_int_equal(ns_type_by_name("net"), NS_NET);
	assert_int_equal(ns_type_by_name("mnt"), NS_MOUNT);
	assert_int_equal(ns_type_by_name("NETWORK"), -1);
	assert_int_equal(ns_type_by_name(""), -1);
	assert_int_equal(ns_info(NS_MOUNT)->clone_flag, CLONE_NEWNS);
}

static void opening_checks_the_type(void **state)
{
	(void)state;
	struct err err = { 0 };
	for (int i = 0; i < NS_COUNT; i++) {
		AUTO_FD fd = ns_open_pid((enum ns_type)i, getpid(), &err);
		if (fd < 0 && i == NS_TIME)
			continue; /* CONFIG_TIME_NS is a choice */
		assert_true(fd >= 0);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	}
	assert_int_equal(ns_open(NS_NET, "/proc/self/ns/uts", &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "is a uts namespace, not a network namespace"));
	assert_int_equal(ns_open(NS_NET, "/dev/null", &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(ns_open(NS_NET, "/proc/self/status", &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(ns_open(NS_NET, "/no/such/file", &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	char dir[] = "/tmp/onggi-ns-XXXXXX", fifo[64];
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(ns_open(NS_NET, fifo, &err), -1); /* and does not wait for a writer */
	assert_int_equal(err.kind, ERR_INVALID);
	unlink(fifo);
	rmdir(dir);
}

static void making_and_joining_body(void)
{
	struct err err = { 0 };
	AUTO_FD old_fd = ns_open_pid(NS_UTS, getpid(), &err);
	struct stat old, now;
	CHECK(old_fd >= 0 && fstat(old_fd, &old) == 0);
	if (ns_unshare(NS_UTS, &err) < 0)
		child_skip(err.text);
	AUTO_FD new_fd = ns_open_pid(NS_UTS, getpid(), &err);
	CHECK(fstat(new_fd, &now) == 0 && now.st_ino != old.st_ino);
	CHECK(sethostname("jar", 3) == 0);
	CHECK(ns_join(NS_UTS, old_fd, &err) == 0);
	char name[65];
	CHECK(gethostname(name, sizeof(name)) == 0 && strcmp(name, "jar") != 0);
	CHECK(ns_join(NS_UTS, new_fd, &err) == 0);
	CHECK(gethostname(name, sizeof(name)) == 0 && strcmp(name, "jar") == 0);
	CHECK(ns_join(NS_NET, new_fd, &err) == -1 && err.errnum == EINVAL);
	AUTO_FD user_fd = ns_open_pid(NS_USER, getpid(), &err);
	CHECK(ns_join(NS_USER, user_fd, &err) == -1 && err.hint[0] != '\0');
}

/* Root of a user's namespace is that user for the systemd outside. */
static void outside_uid_body(void)
{
	struct err err = { 0 };
	uid_t outside = geteuid();
	struct ns_id_map map = { .inside = 7, .outside = outside, .count = 1 };
	CHECK(ns_outside_uid() == outside);
	if (ns_unshare(NS_USER, &err) < 0)
		child_skip(err.text);
	CHECK(ns_outside_uid() == geteuid());
	CHECK_OK(ns_write_id_map(getpid(), NS_UID, &map, 1, &err), &err);
	CHECK(geteuid() == 7 && ns_outside_uid() == outside);
}

static void outside_uid_is_the_users(void **state)
{
	(void)state;
	child_judge(child_run(outside_uid_body));
}

static void id_maps_are_checked(void **state)
{
	(void)state;
	struct err err = { 0 };
	static struct ns_id_map many[NS_ID_MAP_MAX + 1];
	for (uint32_t i = 0; i < NS_ID_MAP_MAX + 1; i++)
		many[i] = (struct ns_id_map){ 10000000 + 2 * i, 3000000000u + 2 * i, 1 };
	static const struct {
		struct ns_id_map maps[2];
		size_t len;
		const char *text;
	} cases[] = {
		{ { { 0 } }, 0, "no lines" },
		{ { { 0, 0, 0 } }, 1, "empty range" },
		{ { { 0, 1000, 10 }, { 9, 5000, 1 } }, 2, "lines 1 and 2 overlap" },
		{ { { 0, 1000, 10 }, { 20, 1009, 1 } }, 2, "lines 1 and 2 overlap" },
		{ { { 1, 0, 4294967295u } }, 1, "beyond the last id" },
		{ { { 4294967295u, 0, 1 } }, 1, "beyond the last id" },
		{ { { 0, 4294967290u, 6 } }, 1, "beyond the last id" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			ns_write_id_map(getpid(), NS_UID, cases[i].maps, cases[i].len, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, cases[i].text));
	}
	assert_int_equal(ns_write_id_map(getpid(), NS_GID, many, NS_ID_MAP_MAX + 1, &err), -1);
	assert_non_null(strstr(err.text, "341 lines"));
	/* 340 lines of 22 bytes: few enough lines, too many bytes. */
	assert_int_equal(ns_write_id_map(getpid(), NS_GID, many, NS_ID_MAP_MAX, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "bytes"));
}

static void ids_are_mapped(void **state)
{
	(void)state;
	static const struct ns_id_map maps[] = { { 0, 1000, 1 }, { 1, 100000, 65535 } };
	uint32_t id = 7;
	assert_true(ns_map_id(maps, 2, 0, &id));
	assert_int_equal(id, 1000);
	assert_true(ns_map_id(maps, 2, 65535, &id));
	assert_int_equal(id, 165534);
	assert_false(ns_map_id(maps, 2, 65536, &id));
	assert_false(ns_map_id(maps, 0, 0, &id));
	assert_int_equal(id, 165534);
}

static bool file_has(const char *path, const char *text)
{
	AUTO(struct buf, buf_done) content = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fd_read_all(fd, 65536, path, &content, NULL) == 0 &&
	       strstr(buf_str(&content), text) != NULL;
}

static void user_namespace_without_a_process_body(void)
{
	static const struct ns_id_map uids[] = { { 0, 100000, 1000 }, { 1000, 1000, 1 } };
	static const struct ns_id_map gids[] = { { 0, 200000, 65536 } };
	struct err err = { 0 };
	/* Children are reaped by the kernel: ours must not be. */
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	CHECK(sigaction(SIGCHLD, &ignore, NULL) == 0);
	AUTO_FD fd = ns_open_user_with_maps(uids, 2, gids, 1, &err);
	if (fd < 0)
		child_skip(err.text);
	CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
	CHECK(ns_open_user_with_maps(uids, 0, gids, 1, &err) == -1);
	CHECK(err.kind == ERR_INVALID);
	CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
	CHECK(ns_join(NS_USER, fd, &err) == 0);
	CHECK(file_has("/proc/self/uid_map", "    100000       1000\n"));
	CHECK(file_has("/proc/self/uid_map", "1000       1000          1\n"));
	CHECK(file_has("/proc/self/gid_map", "0     200000      65536\n"));
	CHECK(file_has("/proc/self/setgroups", "allow"));
}

static void unprivileged_maps_body(void)
{
	struct err err = { 0 };
	if (setgid(65534) < 0 || setuid(65534) < 0)
		child_skip("cannot become an ordinary user");
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0); /* setuid took our files in /proc from us */
	int go[2], ready[2];
	CHECK(pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	char byte = 0;
	if (pid == 0) {
		byte = ns_unshare(NS_USER, &err) < 0 ? 'n' : 'y';
		CHECK(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1);
		_exit(getuid() == 0 && getgid() == 0 ? 0 : 1);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	if (byte == 'n') {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		child_skip("no user namespaces for ordinary users");
	}
	static const struct ns_id_map own = { 0, 65534, 1 }, others = { 0, 0, 2 };
	CHECK(ns_write_id_map(pid, NS_UID, &others, 1, &err) == -1 && err.errnum == EPERM);
	CHECK(err.hint[0] != '\0');
	CHECK(ns_write_id_map(pid, NS_UID, &own, 1, &err) == 0);
	CHECK(ns_write_id_map(pid, NS_GID, &own, 1, &err) == 0);
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	CHECK(file_has(path, "deny"));
	int status;
	CHECK(write(go[1], "g", 1) == 1 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void clocks_are_moved_body(void)
{
	static const struct ns_time_offset bad = { .nanosecs = 1000000000 };
	static const struct ns_time_offset past = { .secs = -4000000000 };
	static const struct ns_time_offset offsets[] = {
		{ .secs = 86400, .nanosecs = 5 },
		{ .is_boottime = true, .secs = 172800 },
	};
	struct err err = { 0 };
	CHECK(ns_write_time_offsets(NULL, 0, &err) == 0);
	if (ns_unshare(NS_TIME, &err) < 0)
		child_skip(err.text);
	CHECK(ns_write_time_offsets(&bad, 1, &err) == -1 && err.kind == ERR_INVALID);
	CHECK(ns_write_time_offsets(&past, 1, &err) == -1 && err.errnum == ERANGE);
	CHECK(ns_write_time_offsets(offsets, 2, &err) == 0);
	struct timespec mono, boot;
	CHECK(clock_gettime(CLOCK_MONOTONIC, &mono) == 0);
	CHECK(clock_gettime(CLOCK_BOOTTIME, &boot) == 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct timespec m, b;
		CHECK(clock_gettime(CLOCK_MONOTONIC, &m) == 0);
		CHECK(clock_gettime(CLOCK_BOOTTIME, &b) == 0);
		CHECK(m.tv_sec - mono.tv_sec >= 86400 && m.tv_sec - mono.tv_sec < 86500);
		CHECK(b.tv_sec - boot.tv_sec >= 172800 && b.tv_sec - boot.tv_sec < 172900);
		_exit(0);
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(ns_write_time_offsets(offsets, 2, &err) == -1); /* fixed by the first child */
}

static void making_and_joining(void **state)
{
	(void)state;
	child_judge(child_run(making_and_joining_body));
}

static void user_namespace_without_a_process(void **state)
{
	(void)state;
	child_judge(child_run(user_namespace_without_a_process_body));
}

static void unprivileged_maps(void **state)
{
	(void)state;
	child_judge(child_run(unprivileged_maps_body));
}

static void clocks_are_moved(void **state)
{
	(void)state;
	child_judge(child_run(clocks_are_moved_body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_names_all),
		cmocka_unit_test(opening_checks_the_type),
		cmocka_unit_test(making_and_joining),
		cmocka_unit_test(outside_uid_is_the_users),
		cmocka_unit_test(id_maps_are_checked),
		cmocka_unit_test(ids_are_mapped),
		cmocka_unit_test(user_namespace_without_a_process),
		cmocka_unit_test(unprivileged_maps),
		cmocka_unit_test(clocks_are_moved),
	};
	return cmocka_run_group_tests_name("ns", tests, NULL, NULL);
}
