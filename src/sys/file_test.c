/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors, small files, locks, sockets and the removal of trees, each in a fresh directory. */
#include "base/clock.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/sock.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char dir_path[64];
static int dir_fd = -1;
static struct err err;

static int make_dir(void **state)
{
	(void)state;
	err_clear(&err);
	snprintf(dir_path, sizeof(dir_path), "/tmp/onggi-file-XXXXXX");
	assert_non_null(mkdtemp(dir_path));
	dir_fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	fd_close(&dir_fd);
	AUTO_FD tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp_fd, dir_path + strlen("/tmp/"), NULL) < 0 ? -1 : 0;
}

static void test_read_has_a_limit(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) text = { 0 };
	assert_int_equal(file_replace(dir_fd, "f", "12345", 5, 0600, FILE_VOLATILE, &err), 0);
	assert_int_equal(file_read(dir_fd, "f", 5, &text, &err), 0);
	assert_string_equal(buf_str(&text), "12345");
	assert_int_equal(file_read(dir_fd, "f", 4, &text, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_string_equal(buf_str(&text), "12345");
	assert_int_equal(file_read(dir_fd, "gone", 5, &text, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void test_read_only_regular_files(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) text = { 0 };
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, "link"), 0);
	assert_int_equal(file_read(dir_fd, "link", 1 << 20, &text, &err), -1);
	assert_int_equal(err.errnum, ELOOP);
	assert_int_equal(mkfifoat(dir_fd, "fifo", 0600), 0);
	/* And without waiting for somebody to write into it. */
	assert_int_equal(file_read(dir_fd, "fifo", 10, &text, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

static void test_replace_is_whole_and_exact(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) text = { 0 };
	struct stat before, after;
	mode_t mask = umask(077);
	assert_int_equal(file_replace(dir_fd, "f", "old", 3, 0644, FILE_DURABLE, &err), 0);
	assert_int_equal(fstatat(dir_fd, "f", &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0644);
	assert_int_equal(file_replace(dir_fd, "f", "new", 3, 0600, FILE_DURABLE, &err), 0);
	umask(mask);
	assert_int_equal(fstatat(dir_fd, "f", &after, 0), 0);
	assert_int_equal(after.st_mode & 07777, 0600);
	assert_int_equal(file_read(dir_fd, "f", 10, &text, &err), 0);
	assert_string_equal(buf_str(&text), "new");
	/* A symlink of that name is replaced, not followed. */
	assert_int_equal(symlinkat("f", dir_fd, "link"), 0);
	assert_int_equal(file_replace(dir_fd, "link", "x", 1, 0600, FILE_VOLATILE, &err), 0);
	assert_int_equal(fstatat(dir_fd, "link", &after, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(after.st_mode));
}

static void test_control_files_are_never_made(void **state)
{
	(void)state;
	assert_int_equal(file_write_control(dir_fd, "memory.max", "1", &err), -1);
	assert_int_equal(err.errnum, ENOENT);
	assert_int_equal(faccessat(dir_fd, "memory.max", F_OK, 0), -1);
}

static void test_open_dir(void **state)
{
	(void)state;
	AUTO_FD made_fd = file_open_dir(dir_fd, "d", 0700, &err);
	assert_true(made_fd >= 0);
	AUTO_FD again_fd = file_open_dir(dir_fd, "d", 0700, &err);
	assert_true(again_fd >= 0);
	assert_int_equal(symlinkat("d", dir_fd, "link"), 0);
	assert_int_equal(file_open_dir(dir_fd, "link", 0700, &err), -1);
}

static void test_fds(void **state)
{
	(void)state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int taken = fd_take(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
	errno = EXDEV;
	fd_close(&taken);
	fd_close(&taken);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(taken, -1);

	AUTO_FD tmp_fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(fd_write_all(tmp_fd, "hello", 5), 0);
	assert_int_equal(lseek(tmp_fd, 0, SEEK_SET), 0);
	AUTO(struct buf, buf_done) text = { 0 };
	assert_int_equal(fd_read_all(tmp_fd, 4, "a file", &text, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "a file"));
	/* Through /proc the same file is found. */
	struct stat direct, by_path;
	struct fd_path path = fd_proc_path(tmp_fd);
	assert_int_equal(fstat(tmp_fd, &direct), 0);
	assert_int_equal(stat(path.text, &by_path), 0);
	assert_int_equal(direct.st_ino, by_path.st_ino);
}

static void test_lock_excludes_and_names_the_holder(void **state)
{
	(void)state;
	int other_fd = -1;
	AUTO_FD lock_fd = lock_take(dir_fd, "lock", LOCK_EXCLUSIVE, 100, &err);
	assert_true(lock_fd >= 0);
	assert_int_equal(lock_try(dir_fd, "lock", LOCK_SHARED, &other_fd, &err), 0);
	assert_int_equal(other_fd, -1);
	uint64_t start = clock_monotonic_ns();
	assert_int_equal(lock_take(dir_fd, "lock", LOCK_SHARED, 50, &err), -1);
	assert_true(clock_monotonic_ns() - start >= 50000000ull);
	assert_int_equal(err.kind, ERR_CONFLICT);
	char pid[16];
	snprintf(pid, sizeof(pid), "%d", getpid());
	assert_non_null(strstr(err.text, pid));
	fd_close(&lock_fd);
	assert_int_equal(lock_try(dir_fd, "lock", LOCK_SHARED, &other_fd, &err), 1);
	AUTO_FD second_fd = lock_take(dir_fd, "lock", LOCK_SHARED, 0, &err);
	assert_true(second_fd >= 0);
	close(other_fd);
}

static void test_lock_dies_with_its_owner(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		lock_take(dir_fd, "lock", LOCK_EXCLUSIVE, 100, NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	AUTO_FD lock_fd = lock_take(dir_fd, "lock", LOCK_EXCLUSIVE, 100, &err);
	assert_true(lock_fd >= 0);
}

static void test_removed_lock_file_is_made_anew(void **state)
{
	(void)state;
	AUTO_FD old_fd = lock_take(dir_fd, "lock", LOCK_EXCLUSIVE, 100, &err);
	assert_true(old_fd >= 0);
	assert_int_equal(unlinkat(dir_fd, "lock", 0), 0);
	AUTO_FD new_fd = lock_take(dir_fd, "lock", LOCK_EXCLUSIVE, 100, &err);
	assert_true(new_fd >= 0);
	struct stat by_name, by_fd;
	assert_int_equal(fstatat(dir_fd, "lock", &by_name, 0), 0);
	assert_int_equal(fstat(new_fd, &by_fd), 0);
	assert_int_equal(by_name.st_ino, by_fd.st_ino);
}

static void test_packets_and_descriptors(void **state)
{
	(void)state;
	int pair[2], got_fd = -7;
	char data[8] = "";
	assert_int_equal(sock_pair(pair, &err), 0);
	AUTO_FD left_fd = pair[0], right_fd = pair[1];
	assert_int_equal(sock_send(left_fd, "one", 3, dir_fd, &err), 0);
	assert_int_equal(sock_send(left_fd, "four", 4, -1, &err), 0);
	assert_int_equal(sock_recv(right_fd, data, sizeof(data), &got_fd, &err), 3);
	assert_memory_equal(data, "one", 3);
	assert_int_equal(fcntl(got_fd, F_GETFD), FD_CLOEXEC);
	struct stat sent, received;
	assert_int_equal(fstat(dir_fd, &sent), 0);
	assert_int_equal(fstat(got_fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	close(got_fd);
	assert_int_equal(sock_recv(right_fd, data, sizeof(data), &got_fd, &err), 4);
	assert_int_equal(got_fd, -1);
	fd_close(&left_fd);
	assert_int_equal(sock_recv(right_fd, data, sizeof(data), NULL, &err), 0);
}

static void test_tree_remove_stays_in_the_tree(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir_fd, "kept", 0755), 0);
	assert_int_equal(mkdirat(dir_fd, "kept/file", 0755), 0);
	assert_int_equal(mkdirat(dir_fd, "tree", 0755), 0);
	assert_int_equal(symlinkat("../kept", dir_fd, "tree/link"), 0);
	assert_int_equal(mkdirat(dir_fd, "tree/locked", 0755), 0);
	assert_int_equal(mkdirat(dir_fd, "tree/locked/inner", 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/locked", 0, 0), 0);
	assert_int_equal(tree_remove(dir_fd, "tree", &err), 0);
	assert_int_equal(faccessat(dir_fd, "tree", F_OK, 0), -1);
	assert_int_equal(faccessat(dir_fd, "kept/file", F_OK, 0), 0);
	assert_int_equal(tree_remove(dir_fd, "tree", &err), 0);
	assert_int_equal(symlinkat("kept", dir_fd, "link"), 0);
	assert_int_equal(tree_remove(dir_fd, "link", &err), 0);
	assert_int_equal(faccessat(dir_fd, "kept/file", F_OK, 0), 0);
}

static void test_tree_remove_at_any_depth(void **state)
{
	(void)state;
	AUTO_FD at_fd = dup(dir_fd);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mkdirat(at_fd, "d", 0755), 0);
		int next_fd = openat(at_fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next_fd >= 0);
		fd_close(&at_fd);
		at_fd = next_fd;
	}
	assert_int_equal(tree_remove(dir_fd, "d", &err), 0);
	assert_int_equal(faccessat(dir_fd, "d", F_OK, 0), -1);
}

static void test_tree_remove_leaves_mounts_alone(void **state)
{
	(void)state;
	char path[96];
	assert_int_equal(mkdirat(dir_fd, "tree", 0755), 0);
	assert_int_equal(mkdirat(dir_fd, "tree/mount", 0755), 0);
	snprintf(path, sizeof(path), "%s/tree/mount", dir_path);
	if (mount("none", path, "tmpfs", 0, NULL) < 0) {
		print_message("skipped: cannot mount a tmpfs: %s\n", strerror(errno));
		skip();
	}
	int made = mkdirat(dir_fd, "tree/mount/precious", 0755);
	int removed = tree_remove(dir_fd, "tree", &err);
	int there = faccessat(dir_fd, "tree/mount/precious", F_OK, 0);
	umount(path);
	assert_int_equal(made, 0);
	assert_int_equal(removed, -1);
	assert_true(err.errnum == EXDEV || err.errnum == EBUSY);
	assert_int_equal(there, 0);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_read_has_a_limit),
		EACH(test_read_only_regular_files),
		EACH(test_replace_is_whole_and_exact),
		EACH(test_control_files_are_never_made),
		EACH(test_open_dir),
		EACH(test_fds),
		EACH(test_lock_excludes_and_names_the_holder),
		EACH(test_lock_dies_with_its_owner),
		EACH(test_removed_lock_file_is_made_anew),
		EACH(test_packets_and_descriptors),
		EACH(test_tree_remove_stays_in_the_tree),
		EACH(test_tree_remove_at_any_depth),
		EACH(test_tree_remove_leaves_mounts_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
