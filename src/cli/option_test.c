/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option.h"

#include "kernel/cgroup/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct target {
	bool is_it, tty;
	char *name;
	struct strv env;
	int count;
	struct cgroup_value shares, memory;
	char *traced;
};

static void target_done(struct target *target)
{
	free(target->name);
	free(target->traced);
	strv_done(&target->env);
}

static int set_trace(const struct option_row *row, void *pointer, const char *value,
		     struct err *err)
{
	struct target *target = pointer;
	(void)row;
	if (strcmp(value, "bad") == 0)
		return err_set(err, ERR_INVALID, "no");
	free(target->traced);
	target->traced = strdup(value);
	return 0;
}

#define AT(member) offsetof(struct target, member)
static const struct option_row rows[] = {
	{ .name = "interactive", .letter = 'i', .type = OPTION_FLAG, .offset = AT(is_it) },
	{ .name = "tty", .letter = 't', .type = OPTION_FLAG, .offset = AT(tty) },
	{ .name = "name", .type = OPTION_STRING, .argument = "x", .offset = AT(name) },
	{ .name = "env", .letter = 'e', .type = OPTION_LIST, .argument = "x", .offset = AT(env) },
	{ .name = "count",
	  .letter = 'n',
	  .type = OPTION_INT,
	  .argument = "x",
	  .offset = AT(count) },
	{ .name = "shares", .type = OPTION_VALUE, .argument = "x", .offset = AT(shares) },
	{ .name = "memory",
	  .letter = 'm',
	  .type = OPTION_BYTES,
	  .argument = "x",
	  .offset = AT(memory) },
	{ .name = "trace",
	  .type = OPTION_CUSTOM,
	  .argument = "x",
	  .implied = "tree",
	  .set = set_trace },
	{ 0 },
};
static const struct option_row refused[] = {
	{ .name = "publish", .letter = 'p', .type = OPTION_REFUSED },
	{ 0 },
};
static const struct option_tables tables = { { rows, refused } };

/* Parse words separated by blanks. */
static int parse(const char *line, bool stops, struct target *target, struct strv *operands,
		 struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	static char *const nothing[] = { NULL };
	if (line[0] != '\0')
		strv_split(&words, line, ' ');
	return option_parse(&tables, "onggi run", stops, words.len > 0 ? words.items : nothing,
			    target, operands, err);
}

static void every_spelling(void **state)
{
	(void)state;
	AUTO(struct target, target_done) target = { 0 };
	AUTO(struct strv, strv_done) operands = { 0 };
	struct err err = { 0 };
	assert_int_equal(parse("-it --name=a --name b -eA=1 -e B=2 -e=C=3 --env D --env=E=5 -n3 "
			       "--shares -1 -m 64m --trace image cmd -x --name z",
			       true, &target, &operands, &err),
			 OPTION_PARSED);
	assert_true(target.is_it && target.tty);
	assert_string_equal(target.name, "b");
	assert_int_equal(target.env.len, 5);
	assert_string_equal(target.env.items[0], "A=1");
	assert_string_equal(target.env.items[1], "B=2");
	assert_string_equal(target.env.items[2], "C=3");
	assert_string_equal(target.env.items[3], "D");
	assert_string_equal(target.env.items[4], "E=5");
	assert_int_equal(target.count, 3);
	assert_true(target.shares.is_set && target.shares.value == -1);
	assert_true(target.memory.is_set && target.memory.value == 64 << 20);
	assert_string_equal(target.traced, "tree");
	assert_int_equal(operands.len, 5);
	assert_string_equal(operands.items[0], "image");
	assert_string_equal(operands.items[2], "-x");
}

static void flags_can_be_false(void **state)
{
	(void)state;
	AUTO(struct target, target_done) target = { .tty = true, .is_it = true };
	AUTO(struct strv, strv_done) operands = { 0 };
	assert_int_equal(
		parse("--tty=false -i=0 a --trace=json -- -t", false, &target, &operands, NULL),
		OPTION_PARSED);
	assert_false(target.tty || target.is_it);
	assert_string_equal(target.traced, "json");
	assert_int_equal(operands.len, 2);
	assert_string_equal(operands.items[1], "-t");
}

static void operands_may_come_first(void **state)
{
	(void)state;
	AUTO(struct target, target_done) target = { 0 };
	AUTO(struct strv, strv_done) operands = { 0 };
	assert_int_equal(parse("a -t - b", false, &target, &operands, NULL), OPTION_PARSED);
	assert_true(target.tty);
	assert_int_equal(operands.len, 3);
	assert_string_equal(operands.items[1], "-");
}

static void help_is_wanted(void **state)
{
	(void)state;
	static const char *const lines[] = { "--help", "-h", "-th", "a --help" };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO(struct target, target_done) target = { 0 };
		AUTO(struct strv, strv_done) operands = { 0 };
		assert_int_equal(parse(lines[i], false, &target, &operands, NULL),
				 OPTION_WANTS_HELP);
	}
	AUTO(struct target, target_done) target = { 0 };
	AUTO(struct strv, strv_done) operands = { 0 };
	assert_int_equal(parse("image --help", true, &target, &operands, NULL), OPTION_PARSED);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	static const char *const lines[][2] = {
		{ "--foo", "unknown flag: --foo" },
		{ "--foo=1", "unknown flag: --foo" },
		{ "--nam x", "unknown flag: --nam" },
		{ "-Z", "unknown shorthand flag: 'Z' in -Z" },
		{ "-tZ", "unknown shorthand flag: 'Z' in -tZ" },
		{ "--name", "flag needs an argument: --name" },
		{ "-e", "flag needs an argument: 'e' in -e" },
		{ "-te", "flag needs an argument: 'e' in -te" },
		{ "-t=x",
		  "invalid argument \"x\" for \"-t, --tty\" flag: \"x\" is neither true nor "
		  "false" },
		{ "--count x",
		  "invalid argument \"x\" for \"-n, --count\" flag: \"x\" is not a whole "
		  "number" },
		{ "-n 99999999999", "invalid argument \"99999999999\" for \"-n, --count\" flag: "
				    "\"99999999999\" is out of range" },
		{ "-m xx",
		  "invalid argument \"xx\" for \"-m, --memory\" flag: invalid size: 'xx'" },
		{ "-m 16383p",
		  "invalid argument \"16383p\" for \"-m, --memory\" flag: invalid size: "
		  "'16383p'" },
		{ "--trace=bad", "invalid argument \"bad\" for \"--trace\" flag: no" },
		{ "--publish 80", "--publish is not yet supported by onggi run" },
		{ "-p80", "--publish is not yet supported by onggi run" },
		{ "-tp 80", "--publish is not yet supported by onggi run" },
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO(struct target, target_done) target = { 0 };
		AUTO(struct strv, strv_done) operands = { 0 };
		struct err err = { 0 };
		assert_int_equal(parse(lines[i][0], true, &target, &operands, &err), -1);
		assert_string_equal(err.text, lines[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling),          cmocka_unit_test(flags_can_be_false),
		cmocka_unit_test(operands_may_come_first), cmocka_unit_test(help_is_wanted),
		cmocka_unit_test(mistakes_are_named),
	};
	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
