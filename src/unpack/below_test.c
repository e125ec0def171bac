/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker can learn of the layers below by asking, whatever it asks. The view here is a plain
 * directory, beside a file that must not be found.
 */
#include "unpack/below.h"

#include "sys/fd.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

struct view {
	char dir[64];
	int top_fd, fd;
};

static void make_file(int dir_fd, const char *path)
{
	AUTO_FD fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "x", 1), 1);
}

static int set_up(void **state)
{
	struct view *view = calloc(1, sizeof(*view));
	*state = view;
	memcpy(view->dir, "/tmp/onggi-below-XXXXXX", sizeof("/tmp/onggi-below-XXXXXX"));
	if (mkdtemp(view->dir) == NULL)
		return -1;
	view->top_fd = open(view->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(view->top_fd, "view", 0755);
	view->fd = openat(view->top_fd, "view", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(view->fd, "d", 0755);
	make_file(view->top_fd, "secret");
	make_file(view->fd, "d/f");
	mkfifoat(view->fd, "fifo", 0600);
	symlinkat("../secret", view->fd, "out");
	symlinkat("d", view->fd, "in");
	return view->fd >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct view *view = *state;
	close(view->fd);
	close(view->top_fd);
	AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_remove(tmp_fd, view->dir + strlen("/tmp/"), NULL), 0);
	free(view);
	return 0;
}

static int ask(const struct view *view, const char *path, struct stat *st, int *out_flags)
{
	AUTO_FD fd = -1;
	int rc = below_open(view->fd, path, &fd, NULL);
	if (rc <= 0) {
		assert_int_equal(fd, -1);
		return rc;
	}
	assert_int_equal(fstat(fd, st), 0);
	*out_flags = fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH);
	return rc;
}

static void files_and_directories_are_for_reading(void **state)
{
	struct stat st;
	int flags = 0;
	assert_int_equal(ask(*state, "d/f", &st, &flags), 1);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(flags, O_RDONLY);
	assert_int_equal(ask(*state, "", &st, &flags), 1);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(flags, O_RDONLY);
}

static void nothing_else_is_opened(void **state)
{
	struct stat st;
	int flags = 0;
	assert_int_equal(ask(*state, "fifo", &st, &flags), 1);
	assert_true(S_ISFIFO(st.st_mode));
	assert_true((flags & O_PATH) != 0);
	assert_int_equal(ask(*state, "out", &st, &flags), 1);
	assert_true(S_ISLNK(st.st_mode));
	assert_true((flags & O_PATH) != 0);
}

static void no_path_leaves_the_view(void **state)
{
	static const char *const paths[] = { "../secret", "/../secret", "d/../../secret", "in/f",
					     "out/x",     "d/f/x",      "nothing" };
	struct stat st;
	int flags = 0;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(ask(*state, paths[i], &st, &flags), 0);
}

static void whiteouts_are_nothing(void **state)
{
	struct view *view = *state;
	struct stat st;
	int flags = 0;
	if (mknodat(view->fd, "whiteout", S_IFCHR | 0600, makedev(0, 0)) < 0) {
		print_message("cannot make a whiteout here: skipped\n");
		skip();
	}
	assert_int_equal(ask(view, "whiteout", &st, &flags), 0);
}

#define BELOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BELOW_TEST(files_and_directories_are_for_reading),
		BELOW_TEST(nothing_else_is_opened),
		BELOW_TEST(no_path_leaves_the_view),
		BELOW_TEST(whiteouts_are_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
