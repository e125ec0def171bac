/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's parts that need no file: numbers, names, pax records. */
#include "unpack/path.h"
#include "unpack/tar_header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *field;
		size_t len;
		int rc;
		int64_t value;
	} rows[] = {
		{ "0000644", 8, 0, 0644 },
		{ "    644 ", 8, 0, 0644 },
		{ "\0\0\0\0\0\0\0", 8, 0, 0 },
		{ "77777777", 8, 0, 077777777 },
		{ "0000648", 8, -1, 0 },
		{ "12 34\0\0", 8, -1, 0 },
		{ "\x80\0\0\0\0\0\1\0", 8, 0, 256 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0, -1 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12, 0, INT64_MAX },
		{ "\x80\0\0\0\x80\0\0\0\0\0\0\0", 12, -1, 0 },
		{ "\x80\1\0\0\0\0\0\0\0\0\0\0", 12, -1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = 0;
		char field[12] = { 0 };
		memcpy(field, rows[i].field, rows[i].len);
		assert_int_equal(tar_number(field, rows[i].len, "x", &value, NULL), rows[i].rc);
		assert_true(value == rows[i].value);
	}
}

static void paths(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "a", "a" },     { "./a//b/", "a/b" }, { "/", "" },
		{ ".", "" },      { "/a/./b", "a/b" },  { "../a", NULL },
		{ "a/..", NULL }, { "a/../b", NULL },   { "..a/b..", "..a/b.." },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct buf, buf_done) out = { 0 };
		int rc = path_clean(rows[i][0], &out, NULL);
		assert_int_equal(rc, rows[i][1] != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(buf_str(&out), rows[i][1]);
	}
	assert_true(path_is_below("a/b", "a"));
	assert_true(path_is_below("a", ""));
	assert_false(path_is_below("ab", "a"));
}

static void pax_records(void **state)
{
	(void)state;
	struct tar_pax pax = { 0 };
	static const char good[] = "20 path=first/name\n\n18 mtime=1.000000001\n";
	static const char two[] = "10 path=a\n10 path=b\n9 gid=70\n";
	assert_int_equal(tar_pax_parse(&pax, good, sizeof(good) - 1, NULL), -1);
	tar_pax_done(&pax);
	assert_int_equal(tar_pax_parse(&pax, two, sizeof(two) - 1, NULL), 0);
	assert_string_equal(buf_str(&pax.path), "b"); /* the last one counts */
	assert_true(pax.has_gid && pax.gid == 70);
	assert_int_equal(tar_pax_parse(&pax, "8 path=\n", 8, NULL), 0);
	assert_false(pax.has_path); /* taken back */
	tar_pax_done(&pax);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(paths),
		cmocka_unit_test(pax_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
