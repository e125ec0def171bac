/* SPDX-License-Identifier: Apache-2.0 */
#include "format/base64.h"

#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
	(void)state;
	/* RFC 4648, section 10 */
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "user:p\xc3\xa4\xff~?>", "dXNlcjpww6T/fj8+" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		AUTO_FREE char *base64 = base64_encode(rows[i][0], strlen(rows[i][0]));
		assert_string_equal(base64, rows[i][1]);
		AUTO_FREE char *text = base64_decode_text(rows[i][1], &err);
		assert_non_null(text);
		assert_string_equal(text, rows[i][0]);
	}
	/* What a careless program made of a fixed field. */
	AUTO_FREE char *cut = base64_decode_text("YTpiAAAA", NULL);
	assert_string_equal(cut, "a:b");
}

static void refuses_what_is_not(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"Z",    "Zg",   "Zg=",      "Zg===", "====",
		"=",    "Zh==", "Zm9=",     "Zm 9v", "Zm9v\n",
		"Zm-_", "Z=g=", "Zg==Zg==", "YQBi",  "\x80\x80\x80\x80"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };
		if (base64_decode_text(bad[i], &err) != NULL)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(refuses_what_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
