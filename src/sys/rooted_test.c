/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rooted open against hostile trees, and against a tree that changes under it. Beside the root
 * lies a canary: whoever reads "secret" has left.
 */
#include "base/clock.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define STORM_NS 1000000000ull

static char top_path[] = "/tmp/onggi-rooted-XXXXXX";
static int top_fd = -1, root_fd = -1;

static void make_file(int dir_fd, const char *name, const char *text)
{
	AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static int make_trees(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top_path));
	top_fd = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(top_fd >= 0);
	make_file(top_fd, "canary", "secret");
	assert_int_equal(mkdirat(top_fd, "root", 0755), 0);
	root_fd = openat(top_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(root_fd, "etc", 0755), 0);
	make_file(root_fd, "etc/passwd", "inside");
	make_file(root_fd, "canary", "inside");
	assert_int_equal(symlinkat("../canary", root_fd, "up"), 0);
	assert_int_equal(symlinkat("../../../../../../canary", root_fd, "etc/far-up"), 0);
	assert_int_equal(symlinkat("/etc", root_fd, "absolute"), 0);
	assert_int_equal(symlinkat("loop", root_fd, "loop"), 0);
	assert_int_equal(symlinkat("/nowhere", root_fd, "dangling"), 0);
	return 0;
}

static int remove_trees(void **state)
{
	(void)state;
	close(root_fd);
	close(top_fd);
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp_fd, top_path + strlen("/tmp/"), NULL) < 0 ? -1 : 0;
}

/* What is read at `path`: "inside", "secret", or "" with the error number in errno. */
static const char *content_at(const char *path)
{
	static char text[16];
	struct err err = { 0 };
	memset(text, 0, sizeof(text));
	AUTO_FD fd = rooted_open(root_fd, path, O_RDONLY, 0, &err);
	if (fd < 0) {
		assert_int_equal(err.kind, ERR_SYSTEM);
		errno = err.errnum;
		return "";
	}
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	return text;
}

static void test_paths_stay_inside(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"etc/passwd", "/etc/passwd",        "//etc//passwd",       "absolute/passwd",
		"../canary",  "/../../canary",      "etc/../../../canary", "up",
		"etc/far-up", "absolute/../canary",
	};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_string_equal(content_at(paths[i]), "inside");
	assert_string_equal(content_at("loop"), "");
	assert_int_equal(errno, ELOOP);
	assert_string_equal(content_at("dangling"), "");
	assert_int_equal(errno, ENOENT);
}

static void test_root_itself(void **state)
{
	(void)state;
	static const char *const paths[] = { "", "/", "///", ".." };
	struct stat root, seen;
	assert_int_equal(fstat(root_fd, &root), 0);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO_FD fd = rooted_open(root_fd, paths[i], O_PATH, 0, NULL);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &seen), 0);
		assert_int_equal(seen.st_ino, root.st_ino);
	}
}

/* /proc/self/root and friends jump anywhere: they must not be followed. */
static void test_magic_links_are_refused(void **state)
{
	(void)state;
	AUTO_FD host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err err = { 0 };
	assert_int_equal(rooted_open(host_fd, "proc/self/root/etc", O_PATH, 0, &err), -1);
	assert_int_equal(err.errnum, ELOOP);
	AUTO_FREE char *own = NULL;
	assert_true(asprintf(&own, "proc/self/fd/%d/canary", top_fd) > 0);
	assert_int_equal(rooted_open(host_fd, own, O_RDONLY, 0, &err), -1);
}

static void test_no_symlink_at_all(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_FD fd = rooted_open_nosymlink(root_fd, "etc/passwd", O_RDONLY, 0, &err);
	assert_true(fd >= 0);
	assert_int_equal(rooted_open_nosymlink(root_fd, "absolute/passwd", O_RDONLY, 0, &err), -1);
	assert_int_equal(err.errnum, ELOOP);
	assert_int_equal(rooted_open_nosymlink(root_fd, "up", O_RDONLY, 0, &err), -1);
}

static void test_mkdirs(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_FD fd = rooted_mkdirs(root_fd, "/absolute/a/b/c", 0750, &err);
	assert_true(fd >= 0);
	struct stat st;
	assert_int_equal(fstatat(root_fd, "etc/a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	AUTO_FD again_fd = rooted_mkdirs(root_fd, "etc/a/b/c", 0755, &err);
	assert_true(again_fd >= 0);
	assert_int_equal(rooted_mkdirs(root_fd, "etc/passwd/x", 0755, &err), -1);
	assert_int_equal(err.errnum, ENOTDIR);
	/* Beyond the root is the root: nothing is made beside it. */
	AUTO_FD up_fd = rooted_mkdirs(root_fd, "../../outside", 0755, &err);
	assert_true(up_fd >= 0);
	assert_int_equal(faccessat(top_fd, "outside", F_OK, 0), -1);
	/* "dangling" leads to /nowhere, which is not there yet. */
	AUTO_FD made_fd = rooted_mkdirs(root_fd, "/dangling/run", 0755, &err);
	assert_true(made_fd >= 0);
	assert_int_equal(fstatat(root_fd, "nowhere/run", &st, 0), 0);
	assert_int_equal(symlinkat("../../../out/of/reach", root_fd, "far"), 0);
	AUTO_FD far_fd = rooted_mkdirs(root_fd, "far", 0755, &err);
	assert_true(far_fd >= 0);
	assert_int_equal(fstatat(root_fd, "out/of/reach", &st, 0), 0);
	assert_int_equal(faccessat(top_fd, "out", F_OK, 0), -1);
	assert_int_equal(rooted_mkdirs(root_fd, "loop/x", 0755, &err), -1);
	assert_int_equal(err.errnum, ELOOP);
	char longest[PATH_MAX + 10];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(rooted_mkdirs(root_fd, longest, 0755, &err), -1);
	assert_int_equal(err.errnum, ENAMETOOLONG);
}

static void test_mkfile(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct stat st;
	AUTO_FD fd = rooted_mkfile(root_fd, "run/new/file", 0640, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	AUTO_FD old_fd = rooted_mkfile(root_fd, "etc/passwd", 0644, &err);
	assert_true(old_fd >= 0);
	assert_int_equal(fstat(old_fd, &st), 0);
	assert_int_equal(st.st_size, strlen("inside"));
	AUTO_FD up_fd = rooted_mkfile(root_fd, "up", 0644, &err);
	assert_true(up_fd >= 0);
	assert_int_equal(fstatat(top_fd, "canary", &st, 0), 0);
	assert_int_equal(st.st_size, strlen("secret"));
}

static void test_mkfile_behind_links(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct stat st;
	assert_int_equal(symlinkat("../var/resolve/stub", root_fd, "etc/resolv.conf"), 0);
	assert_int_equal(symlinkat("resolv.conf", root_fd, "etc/second"), 0);
	AUTO_FD fd = rooted_mkfile(root_fd, "/etc/second", 0644, &err);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(root_fd, "var/resolve/stub", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(symlinkat("../../../../fresh", root_fd, "etc/up"), 0);
	AUTO_FD up_fd = rooted_mkfile(root_fd, "etc/up", 0644, &err);
	assert_true(up_fd >= 0);
	assert_int_equal(faccessat(top_fd, "fresh", F_OK, 0), -1);
	assert_int_equal(rooted_mkfile(root_fd, "loop", 0644, &err), -1);
	assert_int_equal(err.errnum, ELOOP);
}

/* Swaps a directory with a symlink that leads outside, as fast as it can. */
static pid_t storm_start(void)
{
	assert_int_equal(mkdirat(root_fd, "storm", 0755), 0);
	make_file(root_fd, "storm/canary", "inside");
	assert_int_equal(symlinkat(top_path, root_fd, "exit"), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;)
			syscall(SYS_renameat2, root_fd, "storm", root_fd, "exit",
				2 /* RENAME_EXCHANGE */);
	}
	return pid;
}

static void test_nothing_escapes_in_a_storm(void **state)
{
	(void)state;
	char naive_path[128];
	snprintf(naive_path, sizeof(naive_path), "%s/root/storm/canary", top_path);
	pid_t storm = storm_start();
	unsigned tries = 0, escapes = 0, naive_escapes = 0;
	for (uint64_t end = clock_monotonic_ns() + STORM_NS; clock_monotonic_ns() < end; tries++) {
		if (strcmp(content_at("storm/canary"), "secret") == 0)
			escapes++;
		char text[16] = { 0 };
		AUTO_FD fd = open(naive_path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strcmp(text, "secret") == 0)
			naive_escapes++;
	}
	kill(storm, SIGKILL);
	waitpid(storm, NULL, 0);
	assert_int_equal(escapes, 0);
	/* The control: opened by its path alone, the canary is found. */
	assert_true(naive_escapes > 0);
	assert_true(tries > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_stay_inside),
		cmocka_unit_test(test_root_itself),
		cmocka_unit_test(test_magic_links_are_refused),
		cmocka_unit_test(test_no_symlink_at_all),
		cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_mkfile),
		cmocka_unit_test(test_mkfile_behind_links),
		cmocka_unit_test(test_nothing_escapes_in_a_storm),
	};
	return cmocka_run_group_tests(tests, make_trees, remove_trees);
}
