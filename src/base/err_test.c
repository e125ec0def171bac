/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_kind_and_text(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_false(err_is_set(&err));
	assert_int_equal(err_set(&err, ERR_INVALID, "option %s", "--x"), -1);
	assert_true(err_is_set(&err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(err.errnum, 0);
	assert_string_equal(err.text, "option --x");
	err_clear(&err);
	assert_false(err_is_set(&err));
}

static void test_errno_is_told_and_kept(void **state)
{
	(void)state;
	struct err err = { 0 };
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "open %s", "/x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.text, "open /x: No such file or directory");
	assert_int_equal(err_num(&err, EPERM, "mount"), -1);
	assert_int_equal(err.errnum, EPERM);
}

static void test_context_goes_in_front(void **state)
{
	(void)state;
	struct err err = { 0 };
	err_num(&err, EBUSY, "mount");
	assert_int_equal(err_context(&err, "container %d", 7), -1);
	assert_string_equal(err.text, "container 7: mount: Device or resource busy");
	assert_int_equal(err.errnum, EBUSY);
}

static void test_first_hint_stays(void **state)
{
	(void)state;
	struct err err = { 0 };
	err_set(&err, ERR_CONFLICT, "name taken");
	err_hint(&err, "inner %s", "hint");
	err_hint(&err, "outer hint");
	err_context(&err, "run");
	assert_string_equal(err.hint, "inner hint");
}

static void test_too_long_is_cut_not_overrun(void **state)
{
	(void)state;
	struct {
		struct err err;
		char guard[16];
	} held;
	memset(&held, 'g', sizeof(held));
	char text[4 * ERR_TEXT_MAX];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_num(&held.err, EIO, "%s", text);
	assert_int_equal(strlen(held.err.text), ERR_TEXT_MAX - 1);
	err_context(&held.err, "%s", text);
	assert_int_equal(strlen(held.err.text), ERR_TEXT_MAX - 1);
	err_hint(&held.err, "%s", text);
	assert_int_equal(strlen(held.err.hint), ERR_HINT_MAX - 1);
	for (size_t i = 0; i < sizeof(held.guard); i++)
		assert_int_equal(held.guard[i], 'g');
}

static void test_nobody_has_to_care(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_INVALID, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	assert_int_equal(err_context(NULL, "x"), -1);
	assert_int_equal(err_hint(NULL, "x"), -1);
	err_clear(NULL);
	assert_false(err_is_set(NULL));
}

static void test_every_kind_has_a_name(void **state)
{
	(void)state;
	for (enum err_kind kind = ERR_NONE; kind <= ERR_DENIED; kind++) {
		assert_non_null(err_kind_name(kind));
		assert_string_not_equal(err_kind_name(kind), "");
	}
	assert_string_equal(err_kind_name(ERR_INVALID), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kind_and_text),
		cmocka_unit_test(test_errno_is_told_and_kept),
		cmocka_unit_test(test_context_goes_in_front),
		cmocka_unit_test(test_first_hint_stays),
		cmocka_unit_test(test_too_long_is_cut_not_overrun),
		cmocka_unit_test(test_nobody_has_to_care),
		cmocka_unit_test(test_every_kind_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
