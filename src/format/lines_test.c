/* SPDX-License-Identifier: Apache-2.0 */
/* Env files, instructions, and text on its way to a terminal. */
#include "base/buf.h"
#include "base/json.h"
#include "format/env_file.h"
#include "format/instruction.h"
#include "format/json_text.h"
#include "format/printable.h"
#include "format/table.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char *strv_say(const struct strv *list)
{
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; i < list->len; i++)
		buf_addf(&text, "%s%s", i > 0 ? "|" : "", list->items[i]);
	return buf_take(&text);
}

static const char *one_key(const char *key)
{
	return strcmp(key, "HOME") == 0 ? "/root" : NULL;
}

static void env_files_are_dockers(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} good[] = {
		{ "", "" },
		{ "A=1\nB=2\n", "A=1|B=2" },
		{ "A=1\r\nB=2", "A=1|B=2" },
		{ "\xef\xbb\xbf"
		  "A=1",
		  "A=1" },
		{ "# no\n\n   \n  A=1 2 'x' #y\n", "A=1 2 'x' #y" },
		{ "A=\nHOME\nNOTHERE\n", "A=|HOME=/root" },
		{ "HOME  \n", "HOME=/root" },
		{ "A=b=c", "A=b=c" },
		{ "A= x ", "A= x " },
	};
	static const struct {
		const char *text, *wanted;
	} bad[] = {
		{ "A=1\n=x", "f: line 2: no variable name on line '=x'" },
		{ "A B=1", "f: line 1: variable 'A B' contains whitespaces" },
		{ "A =1", "f: line 1: variable 'A ' contains whitespaces" },
		{ "HO ME", "contains whitespaces" },
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(struct strv, strv_done) out = { 0 };
		assert_int_equal(env_file_parse(good[i].text, strlen(good[i].text), "f", one_key,
						&out, NULL),
				 0);
		AUTO_FREE char *said = strv_say(&out);
		assert_string_equal(said, good[i].wanted);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(struct strv, strv_done) out = { 0 };
		struct err err = { 0 };
		assert_int_equal(
			env_file_parse(bad[i].text, strlen(bad[i].text), "f", one_key, &out, &err),
			-1);
		assert_non_null(strstr(err.text, bad[i].wanted));
		assert_int_equal(out.len, 0);
	}
	AUTO(struct strv, strv_done) out = { 0 };
	assert_int_equal(env_file_parse("A=1\0B", 5, "f", one_key, &out, NULL), -1);
	assert_int_equal(env_file_parse("key\n", 4, "f", NULL, &out, NULL), 0);
	assert_string_equal(out.items[0], "key=");
}

static void instructions_change_configs(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum instruction_kind kind;
		const char *wanted;
	} good[] = {
		{ "CMD [\"a\", \"b c\"]", INSTRUCTION_CMD, "a|b c" },
		{ "CMD echo $X", INSTRUCTION_CMD, "/bin/sh|-c|echo $X" },
		{ "cmd []", INSTRUCTION_CMD, "" },
		{ "ENTRYPOINT [\"/x\"]", INSTRUCTION_ENTRYPOINT, "/x" },
		{ "ENV A=1 B=\"2 3\" C='4 5' D=a\\ b", INSTRUCTION_ENV, "A=1|B=2 3|C=4 5|D=a b" },
		{ "ENV A 1 2", INSTRUCTION_ENV, "A=1 2" },
		{ "LABEL \"a b\"=c", INSTRUCTION_LABEL, "a b=c" },
		{ "EXPOSE 80 53/udp", INSTRUCTION_EXPOSE, "80/tcp|53/udp" },
		{ "  USER 1000:1000 ", INSTRUCTION_USER, "1000:1000" },
		{ "VOLUME /a /b", INSTRUCTION_VOLUME, "/a|/b" },
		{ "VOLUME [\"/a\"]", INSTRUCTION_VOLUME, "/a" },
		{ "WORKDIR /srv/a b", INSTRUCTION_WORKDIR, "/srv/a b" },
		{ "STOPSIGNAL SIGINT", INSTRUCTION_STOPSIGNAL, "SIGINT" },
	};
	static const char *const bad[] = {
		"",          "CMD",           "CMD [\"a\"", "CMD [1]",       "ENV A",  "ENV =1",
		"ENV A=1 B", "LABEL \"a=b",   "EXPOSE x",   "EXPOSE -1",     "RUN ls", "FOO bar",
		"FROM x",    "EXPOSE 80/foo", "ENV A=1 =2", "CMD [\"a\"] x",
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(struct instruction, instruction_done) parsed = { 0 };
		struct err err = { 0 };
		if (instruction_parse(good[i].text, &parsed, &err) < 0)
			fail_msg("%s: %s", good[i].text, err.text);
		AUTO_FREE char *said = strv_say(&parsed.args);
		assert_int_equal(parsed.kind, good[i].kind);
		assert_string_equal(said, good[i].wanted);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct instruction parsed = { 0 };
		if (instruction_parse(bad[i], &parsed, NULL) == 0)
			fail_msg("%s was taken", bad[i]);
	}
}

static void terminals_get_no_control_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *line, *quoted;
	} rows[] = {
		{ "plain", "plain", "\"plain\"" },
		{ "a\033[31mb", "a\\x1b[31mb", "\"a\\x1b[31mb\"" },
		{ "a\nb\tc", "a\\x0ab\\x09c", "\"a\\nb\\tc\"" },
		{ "\x7f\x01", "\\x7f\\x01", "\"\\x7f\\x01\"" },
		{ "\xc2\x9b", "\\u009b", "\"\\u009b\"" },
		{ "\xff\xc0\x80", "\\xff\\xc0\\x80", "\"\\xff\\xc0\\x80\"" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\xed\\xa0\\x80\"" },
		{ "\xe2\x80\xae", "\\u202e", "\"\\u202e\"" },
		{ "\xec\x98\xb9\xea\xb8\xb0", "\xec\x98\xb9\xea\xb8\xb0",
		  "\"\xec\x98\xb9\xea\xb8\xb0\"" },
		{ "\"\\", "\"\\", "\"\\\"\\\\\"" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct buf, buf_done) line = { 0 };
		AUTO(struct buf, buf_done) quoted = { 0 };
		printable_add(&line, rows[i].text, PRINTABLE_LINE);
		printable_add_quoted(&quoted, rows[i].text, 0);
		assert_string_equal(buf_str(&line), rows[i].line);
		assert_string_equal(buf_str(&quoted), rows[i].quoted);
	}
	AUTO(struct buf, buf_done) text = { 0 };
	printable_add(&text, "a\nb\t\r", PRINTABLE_TEXT);
	assert_string_equal(buf_str(&text), "a\nb\t\\x0d");
	AUTO(struct buf, buf_done) cut = { 0 };
	printable_add_quoted(&cut, "abcdef", 4);
	assert_string_equal(buf_str(&cut), "\"abc\xe2\x80\xa6\"");
	assert_int_equal(printable_width("\xec\x98\xb9x", 4), 3);
}

static void tables_align(void **state)
{
	(void)state;
	AUTO(struct table, table_done) table = { .columns = 3 };
	static const char *const cells[] = { "ID", "NAME", "X", "1", "a long name here", "y" };
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		strv_add(&table.cells, cells[i]);
	AUTO(struct buf, buf_done) wide = { 0 };
	table_add_to(&wide, &table, 0, 0);
	assert_string_equal(buf_str(&wide), "ID   NAME               X\n"
					    "1    a long name here   y\n");
	AUTO(struct buf, buf_done) narrow = { 0 };
	table_add_to(&narrow, &table, 19, 1 << 1);
	assert_string_equal(buf_str(&narrow), "ID   NAME         X\n"
					      "1    a long na\xe2\x80\xa6   y\n");
	AUTO(struct buf, buf_done) none = { 0 };
	struct table empty = { 0 };
	table_add_to(&none, &empty, 0, 0);
	assert_int_equal(none.len, 0);
}

static void json_is_indented_by_four(void **state)
{
	(void)state;
	AUTO_JSON struct json_object *doc = json_tokener_parse(
		"{\"b\":[1,\"x/y\",{}],\"a\":null,\"e\":[],\"c\":\"\\u009b\"}");
	AUTO(struct buf, buf_done) compact = { 0 };
	AUTO(struct buf, buf_done) indented = { 0 };
	json_text_add(&compact, doc, JSON_TEXT_COMPACT);
	assert_string_equal(buf_str(&compact),
			    "{\"b\":[1,\"x/y\",{}],\"a\":null,\"e\":[],\"c\":\"\\u009b\"}");
	json_text_add(&indented, doc, JSON_TEXT_INDENTED);
	assert_string_equal(buf_str(&indented),
			    "{\n    \"b\": [\n        1,\n        \"x/y\",\n        {}\n    ],\n"
			    "    \"a\": null,\n    \"e\": [],\n    \"c\": \"\\u009b\"\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(env_files_are_dockers),
		cmocka_unit_test(instructions_change_configs),
		cmocka_unit_test(terminals_get_no_control_bytes),
		cmocka_unit_test(tables_align),
		cmocka_unit_test(json_is_indented_by_four),
	};
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
