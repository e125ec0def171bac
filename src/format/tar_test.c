/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "format/tar.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file_with(const char *text)
{
	int fd = memfd_create("tar-test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void write_sample(int fd)
{
	AUTO_FREE struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	AUTO_FD content_fd = file_with("hello\n");
	char long_path[160];
	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	tar_init(tar, fd, 86400);
	assert_int_equal(tar_add_directory(tar, "usr", 0755, NULL), 0);
	assert_int_equal(tar_add_file(tar, "usr/hello", 0644, content_fd, NULL), 0);
	assert_int_equal(tar_add_symlink(tar, "lib", "usr/lib", NULL), 0);
	assert_int_equal(tar_add_bytes(tar, long_path, 0600, "abc", 3, NULL), 0);
	assert_int_equal(tar_finish(tar, NULL), 0);
	assert_true(tar->total_bytes % 512 == 0);
}

static char *map_file(int fd, size_t *out_len)
{
	*out_len = (size_t)lseek(fd, 0, SEEK_END);
	char *bytes = mem_alloc(*out_len, 1);
	assert_int_equal(pread(fd, bytes, *out_len, 0), *out_len);
	return bytes;
}

static void header_fields(void **state)
{
	(void)state;
	size_t len;
	AUTO_FD fd = file_with("");
	write_sample(fd);
	AUTO_FREE char *bytes = map_file(fd, &len);
	/* directory, file + content, symlink, pax header + records, file + content, two zeros */
	assert_int_equal(len, 10 * 512);
	assert_string_equal(bytes, "usr");
	assert_int_equal(bytes[156], '5');
	assert_string_equal(bytes + 100, "0000755");
	assert_string_equal(bytes + 108, "0000000");
	assert_string_equal(bytes + 136, "00000250600"); /* one day */
	assert_memory_equal(bytes + 257, "ustar\00000", 8);
	assert_string_equal(bytes + 512, "usr/hello");
	assert_string_equal(bytes + 512 + 124, "00000000006");
	assert_string_equal(bytes + 1024, "hello\n");
	assert_int_equal(bytes[1536 + 156], '2');
	assert_string_equal(bytes + 1536 + 157, "usr/lib");
	assert_int_equal(bytes[2048 + 156], 'x');
	/* The record's length counts itself: "169 path=" + 159 + newline */
	assert_memory_equal(bytes + 2560, "169 path=xxx", 12);
	assert_int_equal(bytes[2560 + 168], '\n');
	for (size_t i = len - 1024; i < len; i++)
		assert_int_equal(bytes[i], 0);
}

static void same_bytes_each_time(void **state)
{
	(void)state;
	size_t len, again_len;
	AUTO_FD fd = file_with("");
	AUTO_FD again_fd = file_with("");
	write_sample(fd);
	write_sample(again_fd);
	AUTO_FREE char *bytes = map_file(fd, &len);
	AUTO_FREE char *again = map_file(again_fd, &again_len);
	assert_int_equal(len, again_len);
	assert_memory_equal(bytes, again, len);
}

static void errors(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_FREE struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	AUTO_FD full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	tar_init(tar, full_fd, 0);
	assert_int_equal(tar_add_directory(tar, "x", 0755, &err), 0); /* waits in the buffer */
	assert_int_equal(tar_finish(tar, &err), -1);
	assert_int_equal(err.errnum, ENOSPC);

	/* Shorter than its size says: read from behind its end. */
	AUTO_FD null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	AUTO_FD short_fd = file_with("four");
	lseek(short_fd, 2, SEEK_SET);
	tar_init(tar, null_fd, 0);
	assert_int_equal(tar_add_file(tar, "x", 0644, short_fd, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields),
		cmocka_unit_test(same_bytes_each_time),
		cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
