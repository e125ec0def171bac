/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct json_source source = { .what = "doc" };

static int parse(const char *text, struct json_object **out, struct err *err)
{
	/* An exact copy without a NUL: reading past the end shows under ASan. */
	AUTO_FREE char *exact = mem_dup(text, strlen(text));
	return json_parse_strict(exact, strlen(text), &source, out, err);
}

static void accepts_json(void **state)
{
	(void)state;
	static const char *const good[] = {
		"null",
		"true",
		" 1 ",
		"-0",
		"0.5e-3",
		"\"\"",
		"[]",
		"{}",
		"[[],{},[{}]]",
		"{\"a\":1,\"b\":{\"a\":1}}",
		"{\"\":0}",
		"\"\\u00e9\\n\xc3\xa9\"",
		"18446744073709551615",
		"-9223372036854775808",
		"\"\\u0000\"",
		"[{\"a\":[]},{\"a\":[]}]",
		"\t\r\n[1 , 2]\n",
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO_JSON struct json_object *doc = NULL;
		struct err err = { 0 };
		if (parse(good[i], &doc, &err) != 0)
			fail_msg("%s: %s", good[i], err.text);
	}
}

static void refuses_what_is_not_json(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[",
		"[1",
		"[1,",
		"[1,]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"'a'",
		"01",
		"-",
		"+1",
		"1.",
		".5",
		"1e",
		"1e+",
		"1e999",
		"NaN",
		"Infinity",
		"-Infinity",
		"nul",
		"nulll",
		"tru",
		"1 2",
		"{} x",
		"[] []",
		"\xef\xbb\xbf{}",
		"\"\xff\"",
		"\"\xc0\x80\"",
		"\"\xed\xa0\x80\"",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"a",
		"\"\n\"",
		"/* c */ 1",
		"// c\n1",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"a\":{\"b\":1,\"b\":1}}",
		"{\"\\u0000\":1}",
		"{\"a\\u0000b\":1}",
		"18446744073709551616",
		"-9223372036854775809",
		"99999999999999999999999",
		"]",
		"}",
		",",
		":",
		"[}",
		"{]",
		"{\"a\":1]",
		"[1}",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct json_object *doc = NULL;
		struct err err = { 0 };
		if (parse(bad[i], &doc, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, "doc"));
		assert_null(doc);
	}
}

static void duplicate_keys_have_a_path(void **state)
{
	(void)state;
	struct json_object *doc = NULL;
	struct err err = { 0 };
	assert_int_equal(parse("{\"x\":[{},{\"y\":1,\"z\":{\"k\":1,\"k\":2}}]}", &doc, &err), -1);
	assert_string_equal(err.text, "doc: x[1].z: a key occurs twice");
	/* The duplicate hides objects that the text has and the tree has not. */
	assert_int_equal(parse("{\"x\":{\"a\":{\"b\":{}}},\"x\":1,\"y\":{}}", &doc, &err), -1);
	assert_string_equal(err.text, "doc: a key occurs twice");
}

static char *nested(size_t depth)
{
	struct buf text = { 0 };
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&text, '[');
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&text, ']');
	return buf_take(&text);
}

static void limits_hold(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_FREE char *deepest = nested(JSON_DEPTH_MAX);
	AUTO_FREE char *too_deep = nested(JSON_DEPTH_MAX + 1);
	AUTO_FREE char *absurd = nested(100000);
	AUTO_JSON struct json_object *doc = NULL;
	assert_int_equal(parse(deepest, &doc, &err), 0);
	json_done(&doc);
	assert_int_equal(parse(too_deep, &doc, &err), -1);
	assert_int_equal(parse(absurd, &doc, &err), -1);

	struct json_source small = { .what = "small", .max_bytes = 4, .max_depth = 1 };
	assert_int_equal(json_parse_strict("[10]", 4, &small, &doc, &err), 0);
	json_done(&doc);
	assert_int_equal(json_parse_strict("[100]", 5, &small, &doc, &err), -1);
	assert_int_equal(json_parse_strict("[[]]", 4, &small, &doc, &err), -1);

	AUTO(struct buf, buf_done) many = { 0 };
	buf_add_char(&many, '[');
	for (size_t i = 0; i < JSON_OBJECTS_MAX + 1; i++)
		buf_add_str(&many, "{},");
	buf_add_str(&many, "0]");
	assert_int_equal(parse(buf_str(&many), &doc, &err), -1);
	assert_non_null(strstr(err.text, "too many objects"));
}

static void reads_types_with_paths(void **state)
{
	(void)state;
	struct err err = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	assert_int_equal(parse("{\"process\":{\"args\":[\"a\",\"b\",3],\"n\":-5,\"nul\":null,"
			       "\"max\":18446744073709551615,\"yes\":true,\"m\":{\"k\":\"v\"},"
			       "\"s\":\"a\\u0000b\",\"f\":1.5}}",
			       &doc, &err),
			 0);
	struct json_at root = json_root(doc), process;
	assert_int_equal(json_get_object(&root, "process", &process, &err), 1);

	AUTO(struct strv, strv_done) list = { 0 };
	assert_int_equal(json_get_strv(&process, "args", &list, &err), -1);
	assert_string_equal(err.text, "process.args[2]: expected a string, found a whole number");
	assert_int_equal(list.len, 0);

	uint64_t u = 7;
	int64_t n = 7;
	uint32_t small = 7;
	bool yes = false;
	AUTO_FREE char *text = NULL;
	assert_int_equal(json_get_uint64(&process, "max", &u, &err), 1);
	assert_true(u == UINT64_MAX);
	assert_int_equal(json_get_int64(&process, "max", &n, &err), -1);
	assert_int_equal(json_get_uint32(&process, "max", &small, &err), -1);
	assert_int_equal(json_get_uint64(&process, "n", &u, &err), -1);
	assert_string_equal(err.text, "process.n: -5 is negative");
	assert_int_equal(json_get_int64(&process, "n", &n, &err), 1);
	assert_int_equal(n, -5);
	assert_int_equal(json_get_int64(&process, "f", &n, &err), -1);
	assert_int_equal(json_get_str(&process, "nul", &text, &err), 0);
	assert_int_equal(json_get_str(&process, "absent", &text, &err), 0);
	assert_int_equal(json_get_str(&process, "s", &text, &err), -1);
	assert_null(text);
	assert_int_equal(json_get_bool(&process, "yes", &yes, &err), 1);
	assert_true(yes);
	assert_int_equal(json_get_bool(&process, "n", &yes, &err), -1);
	assert_int_equal(json_get_map(&process, "m", &list, &err), 1);
	assert_string_equal(list.items[0], "k=v");
	assert_int_equal(
		json_need(json_get_str(&process, "cwd", &text, &err), &process, "cwd", &err), -1);
	assert_string_equal(err.text, "process.cwd: missing");
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) out = { 0 };
	AUTO(struct strv, strv_done) list = { 0 };
	strv_add(&list, "a=1");
	strv_add(&list, "b=x=y\n\"");
	buf_add_char(&out, '{');
	json_add_str(&out, "absent", NULL);
	json_add_str(&out, "text", "\x01\"\\");
	json_add_uint(&out, "u", UINT64_MAX);
	json_add_int(&out, "i", INT64_MIN);
	json_add_strv(&out, "list", &list);
	json_add_map(&out, "map", &list);
	json_add_keys(&out, "keys", &list);
	buf_add_char(&out, '}');
	AUTO_JSON struct json_object *doc = NULL;
	struct err err = { 0 };
	if (json_parse_strict(out.data, out.len, &source, &doc, &err) < 0)
		fail_msg("%s: %s", out.data, err.text);
	struct json_at root = json_root(doc);
	AUTO(struct strv, strv_done) map = { 0 };
	AUTO_FREE char *text = NULL;
	assert_int_equal(json_get_map(&root, "map", &map, &err), 1);
	assert_string_equal(map.items[1], list.items[1]);
	assert_int_equal(json_get_str(&root, "text", &text, &err), 1);
	assert_string_equal(text, "\x01\"\\");
	int64_t i = 0;
	assert_int_equal(json_get_int64(&root, "i", &i, &err), 1);
	assert_true(i == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_json),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(duplicate_keys_have_a_path),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(reads_types_with_paths),
		cmocka_unit_test(what_is_written_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
