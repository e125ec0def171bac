/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers, lists of strings, ids, digests, times and warnings: what is made of text. */
#include "base/bit_list.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/warn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_buf_grows_and_terminates(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) buf = { 0 };
	assert_string_equal(buf_str(&buf), "");
	for (int i = 0; i < 1000; i++)
		buf_addf(&buf, "%d,", i);
	assert_int_equal(buf.len, strlen(buf_str(&buf)));
	assert_memory_equal(buf_str(&buf), "0,1,2,", 6);
	buf_reset(&buf);
	assert_string_equal(buf_str(&buf), "");
	buf_add(&buf, "a\0b", 3);
	buf_add_char(&buf, 'c');
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "a\0bc", 5);
}

static void test_bit_lists(void **state)
{
	(void)state;
	static const char *const bad[] = { "",     ",",           "0,", ",0",     "1-0",
					   "0--1", "0-",          "-0", "0 1",    "0x1",
					   "8192", "99999999999", "a",  "0-8192", "0\n" };
	uint64_t mask[BIT_LIST_WORDS] = { 7 };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (bit_list_parse(bad[i], mask, NULL) >= 0)
			fail_msg("accepted: %s", bad[i]);
	assert_int_equal(mask[0], 7); /* untouched */
	assert_int_equal(bit_list_parse("0-3,7,2,64,8191", mask, NULL), 7);
	assert_true(mask[0] == 0x8f && mask[1] == 1 && mask[BIT_LIST_WORDS - 1] >> 63 == 1);
}

static void test_buf_take_empties(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	AUTO_FREE char *nothing = buf_take(&buf);
	assert_string_equal(nothing, "");
	buf_add_str(&buf, "text");
	AUTO_FREE char *text = buf_take(&buf);
	assert_string_equal(text, "text");
	assert_int_equal(buf.len, 0);
	assert_null(buf.data);
}

/* Appending beyond the maximum ends the process: seen from a child. */
static void test_buf_has_a_maximum(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct buf buf = { .max_bytes = 100 };
		close(STDERR_FILENO);
		for (int i = 0; i < 101; i++)
			buf_add_char(&buf, 'x');
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 125);
}

static void test_json_strings(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "tab\there\nline", "\"tab\\there\\nline\"" },
		{ "\x01\x1f", "\"\\u0001\\u001f\"" },
		{ "\xec\x98\xb9\xea\xb8\xb0", "\"\xec\x98\xb9\xea\xb8\xb0\"" },
		{ "\xff\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct buf, buf_done) buf = { 0 };
		buf_add_json_str(&buf, rows[i].text);
		assert_string_equal(buf_str(&buf), rows[i].json);
	}
}

static void test_shell_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *word;
	} rows[] = {
		{ "", "''" },
		{ "plain-1.2/x", "plain-1.2/x" },
		{ "two words", "'two words'" },
		{ "$HOME", "'$HOME'" },
		{ "it's", "'it'\\''s'" },
		{ "a\nb", "'a\nb'" },
		{ "~root", "'~root'" },
		{ "#no", "'#no'" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct buf, buf_done) buf = { 0 };
		buf_add_shell_word(&buf, rows[i].text);
		assert_string_equal(buf_str(&buf), rows[i].word);
	}
}

static void test_strv(void **state)
{
	(void)state;
	AUTO(struct strv, strv_done) list = { 0 };
	AUTO(struct strv, strv_done) more = { 0 };
	strv_split(&list, "a::b:", ':');
	assert_int_equal(list.len, 4);
	assert_string_equal(list.items[1], "");
	assert_string_equal(list.items[3], "");
	assert_null(list.items[4]);
	assert_int_equal(strv_find(&list, "b"), 2);
	assert_int_equal(strv_find(&list, "c"), -1);
	strv_remove(&list, 0);
	assert_int_equal(list.len, 3);
	assert_string_equal(list.items[1], "b");
	assert_null(list.items[3]);
	strv_add_all(&more, &list);
	strv_add_take(&more, mem_strdup("last"));
	assert_int_equal(more.len, 4);
	assert_string_equal(more.items[3], "last");
	assert_ptr_not_equal(more.items[1], list.items[1]);
}

static void test_environment(void **state)
{
	(void)state;
	AUTO(struct strv, strv_done) env = { 0 };
	strv_env_set(&env, "PATH=/bin");
	strv_env_set(&env, "PATHS=1");
	strv_env_set(&env, "PATH=/usr/bin=x");
	assert_int_equal(env.len, 2);
	assert_string_equal(strv_env_get(&env, "PATH"), "/usr/bin=x");
	assert_string_equal(strv_env_get(&env, "PATHS"), "1");
	assert_null(strv_env_get(&env, "PAT"));
	strv_env_set(&env, "PATH=");
	assert_string_equal(strv_env_get(&env, "PATH"), "");
}

static void test_ids_are_random_and_no_numbers(void **state)
{
	(void)state;
	char seen[200][ID_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		id_new(seen[i]);
		assert_int_equal(strlen(seen[i]), ID_LEN);
		assert_true(id_is_prefix(seen[i]));
		assert_true(strspn(seen[i], "0123456789") < ID_SHORT_LEN);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
	}
}

static void test_names(void **state)
{
	(void)state;
	static const char *const good[] = { "ab", "A1", "web_1.x-y", "0a" };
	static const char *const bad[] = { "",    "a",    "-ab",  ".ab", "_ab",      "a b",
					   "a/b", "a\nb", "../x", "a:b", "\xc3\xa4x" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(id_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(id_is_name(bad[i]));
	char name[200];
	memset(name, 'x', sizeof(name));
	name[128] = '\0';
	assert_true(id_is_name(name));
	name[128] = 'x';
	name[129] = '\0';
	assert_false(id_is_name(name));
	assert_false(id_is_prefix(""));
	assert_false(id_is_prefix("ABC"));
	assert_false(id_is_prefix("12g"));
	for (int i = 0; i < 50; i++) {
		char random[ID_NAME_SIZE];
		id_new_name(random);
		assert_true(id_is_name(random));
		assert_non_null(strchr(random, '_'));
	}
}

static void test_digests(void **state)
{
	(void)state;
	/* FIPS 180-2, appendix B: "abc" and the empty message */
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	static const char empty[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	char hex[DIGEST_HEX_SIZE];
	digest_of("abc", 3, hex);
	assert_string_equal(hex, abc);
	digest_of(NULL, 0, hex);
	assert_string_equal(hex, empty);
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, "a", 1);
	digest_add(&digest, "bc", 2);
	digest_hex(&digest, hex);
	assert_string_equal(hex, abc);
}

static void test_digest_grammar(void **state)
{
	(void)state;
	static const char good[] =
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	assert_string_equal(digest_parse(good), good + 7);
	static const char *const bad[] = {
		"",
		"sha256:",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(digest_parse(bad[i]));
}

static void test_times(void **state)
{
	(void)state;
	char text[CLOCK_RFC3339_SIZE];
	clock_format_rfc3339(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000000Z");
	clock_format_rfc3339(1767323045123456789u, text);
	assert_string_equal(text, "2026-01-02T03:04:05.123456789Z");
	uint64_t before = clock_monotonic_ns();
	assert_true(clock_monotonic_ns() >= before);
}

static char heard[256];
static unsigned heard_times;

static void hear(const char *text)
{
	snprintf(heard, sizeof(heard), "%s", text);
	heard_times++;
}

static void test_a_warning_is_said_once(void **state)
{
	(void)state;
	warn_say("nobody listens");
	warn_to(hear);
	warn_say("no %s here", "swap");
	warn_say("no %s here", "swap");
	assert_string_equal(heard, "no swap here");
	assert_int_equal(heard_times, 1);
	warn_say("no %s here", "hugetlb");
	assert_int_equal(heard_times, 2);
	warn_to(NULL);
	warn_say("nobody listens again");
	assert_int_equal(heard_times, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_grows_and_terminates),
		cmocka_unit_test(test_bit_lists),
		cmocka_unit_test(test_buf_take_empties),
		cmocka_unit_test(test_buf_has_a_maximum),
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_shell_words),
		cmocka_unit_test(test_strv),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_ids_are_random_and_no_numbers),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_digest_grammar),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_a_warning_is_said_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
