/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/seccomp/seccomp.h"

#include "kernel/caps/caps.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[32];
static int dir_fd = -1;
static struct seccomp_program compiled;
static const struct seccomp_context context = { .caps = 0x800405fb };

static int make_directory(void **state)
{
	(void)state;
	memcpy(directory, "/tmp/seccomp-cache-XXXXXX", sizeof("/tmp/seccomp-cache-XXXXXX"));
	assert_non_null(mkdtemp(directory));
	dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	struct err err = { 0 };
	if (seccomp_compile(seccomp_default_profile(), &context, &compiled, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	fd_close(&dir_fd);
	seccomp_program_done(&compiled);
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp_fd, directory + strlen("/tmp/"), NULL);
}

static bool is_compiled(const struct seccomp_program *program)
{
	return program->len == compiled.len && program->flags == compiled.flags &&
	       memcmp(program->filter, compiled.filter,
		      compiled.len * sizeof(struct sock_filter)) == 0;
}

static bool loads(void)
{
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	struct err err = { 0 };
	return seccomp_load_or_compile(dir_fd, seccomp_default_profile(), &context, &program,
				       &err) == 0 &&
	       is_compiled(&program);
}

/* The name of the only file, or NULL with *out_count saying how many there are. */
static const char *only_file(size_t *out_count)
{
	static char name[256];
	DIR *dir = opendir(directory);
	*out_count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(name, sizeof(name), "%s", entry->d_name);
			(*out_count)++;
		}
	closedir(dir);
	return *out_count == 1 ? name : NULL;
}

static ino_t inode_of(const char *name)
{
	struct stat st;
	assert_int_equal(fstatat(dir_fd, name, &st, 0), 0);
	return st.st_ino;
}

static void a_hit_is_the_same_and_writes_nothing(void **state)
{
	(void)state;
	size_t count;
	assert_true(loads());
	const char *name = only_file(&count);
	assert_non_null(name);
	ino_t inode = inode_of(name);
	assert_true(loads());
	assert_non_null(only_file(&count));
	assert_int_equal(inode_of(name), inode);
	struct stat st;
	fstatat(dir_fd, name, &st, 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void write_file(const char *name, const void *data, size_t len)
{
	AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
}

static void damage_is_found(void **state)
{
	(void)state;
	size_t count;
	assert_true(loads());
	char name[256];
	snprintf(name, sizeof(name), "%s", only_file(&count));
	AUTO(struct buf, buf_done) good = { 0 };
	assert_int_equal(file_read(dir_fd, name, 1 << 20, &good, NULL), 0);
	for (size_t at = 0; at < good.len; at += at < 90 ? 1 : 97) {
		good.data[at] ^= 1;
		write_file(name, good.data, good.len);
		good.data[at] ^= 1;
		ino_t inode = inode_of(name);
		if (!loads())
			fail_msg("byte %zu was believed", at);
		if (inode_of(name) == inode)
			fail_msg("byte %zu: the file was not replaced", at);
	}
	static const size_t cuts[] = { 0, 1, 16, 79, 80, 88 };
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
		write_file(name, good.data, cuts[i]);
		assert_true(loads());
	}
	buf_add(&good, "12345678", 8);
	write_file(name, good.data, good.len);
	assert_true(loads());
	assert_non_null(only_file(&count));
}

static void other_inputs_have_other_files(void **state)
{
	(void)state;
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	struct seccomp_context admin = { .caps = caps_all() };
	size_t count;
	assert_true(loads());
	assert_int_equal(
		seccomp_load_or_compile(dir_fd, seccomp_default_profile(), &admin, &program, NULL),
		0);
	assert_false(is_compiled(&program));
	only_file(&count);
	assert_int_equal(count, 2);
}

static void a_bad_profile_leaves_nothing(void **state)
{
	(void)state;
	struct seccomp_program program = { .len = 7 };
	struct err err = { 0 };
	size_t count;
	assert_int_equal(seccomp_load_or_compile(dir_fd, "{}", &context, &program, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(program.len, 7);
	only_file(&count);
	assert_int_equal(count, 0);
}

static void without_a_directory_it_compiles(void **state)
{
	(void)state;
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	assert_int_equal(
		seccomp_load_or_compile(-1, seccomp_default_profile(), &context, &program, NULL),
		0);
	assert_true(is_compiled(&program));
}

static void writers_do_not_disturb_each_other(void **state)
{
	(void)state;
	pid_t pids[4];
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int round = 0; round < 100; round++) {
			size_t count;
			const char *name = only_file(&count);
			if (round % 3 == (int)i && name != NULL)
				unlinkat(dir_fd, name, 0);
			if (!loads())
				_exit(1);
		}
		_exit(0);
	}
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	size_t count;
	assert_non_null(only_file(&count));
	assert_int_equal(count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hit_is_the_same_and_writes_nothing), TEST(damage_is_found),
		TEST(other_inputs_have_other_files),        TEST(a_bad_profile_leaves_nothing),
		TEST(without_a_directory_it_compiles),      TEST(writers_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
