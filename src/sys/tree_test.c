/* SPDX-License-Identifier: Apache-2.0 */

/* Removal without root's rights: every directory on the way lacks the bits that removal needs. */
#include "sys/tree.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534
#define DEPTH  40 /* beyond the directories that are open at a time */

static char top[] = "/tmp/tree-test-XXXXXX";

static int make_branch(int dir_fd, const char *name, mode_t mode)
{
	AUTO_FD at_fd = dup(dir_fd);
	int fds[DEPTH];
	for (int i = 0; i < DEPTH; i++) {
		const char *level = i == 0 ? name : "d";
		if (mkdirat(at_fd, level, 0700) < 0)
			return -1;
		fds[i] = openat(at_fd, level, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO_FD file_fd = openat(fds[i], "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0);
		if (fds[i] < 0 || file_fd < 0)
			return -1;
		fd_close(&at_fd);
		at_fd = dup(fds[i]);
	}
	for (int i = DEPTH; i-- > 0;) {
		if (fchmod(fds[i], mode) < 0)
			return -1;
		close(fds[i]);
	}
	return 0;
}

static int remove_as_nobody(void)
{
	static const mode_t modes[] = { 0, 0400, 0500, 0100, 0200, 0700 };
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return 1;
	AUTO_FD top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct err err = { 0 };
		if (make_branch(top_fd, "branch", modes[i]) < 0)
			return 2;
		if (tree_remove(top_fd, "branch", &err) < 0) {
			dprintf(STDERR_FILENO, "mode %o: %s\n", modes[i], err.text);
			return 3;
		}
		if (faccessat(top_fd, "branch", F_OK, 0) == 0)
			return 4;
	}
	return 0;
}

static void an_owner_needs_no_rights_of_root(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	assert_int_equal(chmod(top, 0777), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(remove_as_nobody());
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_remove(tmp_fd, top + strlen("/tmp/"), NULL), 0);
	assert_int_equal(status, 0);
}

/* More directories than a batch of entries, each with something in it; and a foreign owner's. */
static void wide_trees_and_foreign_owners(void **state)
{
	(void)state;
	memcpy(top + strlen(top) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(top));
	AUTO_FD top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 300; i++) {
		char name[64], file[64];
		snprintf(name, sizeof(name), "a-rather-long-name-for-a-directory-%d", i);
		snprintf(file, sizeof(file), "a-rather-long-name-for-a-directory-%d/f", i);
		assert_int_equal(mkdirat(top_fd, name, 0755), 0);
		AUTO_FD file_fd = openat(top_fd, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		assert_true(file_fd >= 0);
	}
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (geteuid() == 0) {
		pid_t pid = fork();
		if (pid == 0) {
			struct err err = { 0 };
			_exit(setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
					      tree_remove(tmp_fd, top + strlen("/tmp/"), &err) <
						      0 &&
					      (err.errnum == EACCES || err.errnum == EPERM)
				      ? 0
				      : 1);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(
			faccessat(top_fd, "a-rather-long-name-for-a-directory-299/f", F_OK, 0), 0);
	}
	assert_int_equal(tree_remove(tmp_fd, top + strlen("/tmp/"), NULL), 0);
	assert_int_equal(access(top, F_OK), -1);
}

static void a_deadline_leaves_the_rest(void **state)
{
	(void)state;
	char many[] = "/tmp/onggi-tree.XXXXXX";
	assert_non_null(mkdtemp(many));
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD many_fd = open(many, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *name = many + strlen("/tmp/");
	for (int i = 0; i < 1000; i++) {
		char file[16];
		snprintf(file, sizeof(file), "%d", i);
		AUTO_FD fd = openat(many_fd, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
	}
	AUTO(struct strv, strv_done) left = { 0 };
	assert_int_equal(tree_remove_until(tmp_fd, name, 1, NULL), 0);
	assert_int_equal(tree_names(many_fd, &left, NULL), 0);
	assert_in_range(left.len, 1, 999);
	assert_int_equal(tree_remove_until(tmp_fd, name, UINT64_MAX, NULL), 1);
	assert_int_equal(access(many, F_OK), -1);
	assert_int_equal(tree_remove_until(tmp_fd, name, 1, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_owner_needs_no_rights_of_root),
		cmocka_unit_test(wide_trees_and_foreign_owners),
		cmocka_unit_test(a_deadline_leaves_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
