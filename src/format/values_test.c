/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and the other small values of the command line. */
#include "base/attr.h"
#include "format/ago.h"
#include "format/bytes.h"
#include "format/device_flag.h"
#include "format/duration.h"
#include "format/number.h"
#include "format/ulimit.h"
#include "format/word_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_whole(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} good[] = { { "0", 0 },
		     { "-1", -1 },
		     { "+7", 7 },
		     { "007", 7 },
		     { "9223372036854775807", INT64_MAX },
		     { "-9223372036854775808", INT64_MIN } };
	static const char *const bad[] = { "",
					   "-",
					   "+",
					   " 1",
					   "1 ",
					   "0x10",
					   "1e3",
					   "1.0",
					   "--1",
					   "9223372036854775808",
					   "12a",
					   "-9223372036854775809",
					   "99999999999999999999" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t value = 42;
		assert_int_equal(
			number_parse_signed(good[i].text, INT64_MIN, INT64_MAX, &value, NULL), 0);
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t value = 42;
		assert_int_equal(number_parse_signed(bad[i], INT64_MIN, INT64_MAX, &value, NULL),
				 -1);
		assert_int_equal(value, 42);
	}
	struct err err = { 0 };
	uint64_t value;
	assert_int_equal(number_parse("300", 255, &value, &err), -1);
	assert_string_equal(err.text, "\"300\" is out of range");
	assert_int_equal(number_parse("x", 255, &value, &err), -1);
	assert_string_equal(err.text, "\"x\" is not a whole number");
	assert_int_equal(number_parse("18446744073709551615", UINT64_MAX, &value, NULL), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(number_parse("18446744073709551616", UINT64_MAX, &value, NULL), -1);
	assert_int_equal(number_parse("-1", UINT64_MAX, &value, NULL), -1);
}

static void fractions_are_exact(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = { { "1.5", 1500000000 }, { ".25", 250000000 }, { "2", 2000000000 },
		     { "0.0000000019", 1 }, { "1.", 1000000000 }, { "0.1", 100000000 } };
	static const char *const bad[] = {
		"", ".", "1.5.2", "-1", "1,5", "1e3", "inf", "nan", "x"
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t value = 0;
		assert_int_equal(number_parse_billionths(good[i].text, 1000, &value, NULL), 0);
		assert_true(value == good[i].value);
	}
	uint64_t value;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(number_parse_billionths(bad[i], 1000, &value, NULL), -1);
	assert_int_equal(number_parse_billionths("1001", 1000, &value, NULL), -1);
	assert_int_equal(number_parse_billionths("18446744074", UINT64_MAX, &value, NULL), -1);
}

static void sizes_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "0", 0 },
		     { "4096", 4096 },
		     { "4096b", 4096 },
		     { "32B", 32 },
		     { "1k", 1024 },
		     { "1K", 1024 },
		     { "1kb", 1024 },
		     { "1KiB", 1024 },
		     { "512m", 512u << 20 },
		     { "1.5g", 1536u << 20 },
		     { "0.5m", 512u << 10 },
		     { "1 gb", 1u << 30 },
		     { "2t", UINT64_C(2) << 40 },
		     { "1p", UINT64_C(1) << 50 },
		     { "16383p", UINT64_C(16383) << 50 },
		     { "18446744073709551615", UINT64_MAX } };
	static const char *const bad[] = { "",
					   "m",
					   "-1",
					   "-1m",
					   "1x",
					   "1mm",
					   "1m ",
					   "1 ",
					   ".5m",
					   "1..5m",
					   "1.5.5m",
					   "0x10m",
					   "1bb",
					   "1bib",
					   "1ibk",
					   "16384p",
					   "18446744073709551616",
					   "1e3",
					   "1  k",
					   "99999999999999999999999999999999999999999" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t bytes = 42;
		assert_int_equal(bytes_parse(good[i].text, &bytes, NULL), 0);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint64_t bytes = 42;
		struct err err = { 0 };
		assert_int_equal(bytes_parse(bad[i], &bytes, &err), -1);
		assert_int_equal(bytes, 42);
		assert_non_null(strstr(err.text, "invalid size: '"));
	}
}

static void sizes_for_people(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *decimal, *binary;
	} rows[] = { { 0, "0B", "0B" },
		     { 999, "999B", "999B" },
		     { 1000, "1kB", "1000B" },
		     { 1024, "1.02kB", "1KiB" },
		     { 999999, "1MB", "976.6KiB" },
		     { 124000000, "124MB", "118.3MiB" },
		     { UINT64_C(1) << 30, "1.07GB", "1GiB" },
		     { UINT64_MAX, "18.4EB", "16EiB" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[BYTES_TEXT_SIZE];
		bytes_format_decimal(rows[i].bytes, text);
		assert_string_equal(text, rows[i].decimal);
		bytes_format_binary(rows[i].bytes, text);
		assert_string_equal(text, rows[i].binary);
	}
}

static void devices_have_three_parts(void **state)
{
	(void)state;
	static const struct {
		const char *text, *source, *target, *access;
	} good[] = { { "/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm" },
		     { "/dev/fuse:/dev/x", "/dev/fuse", "/dev/x", "rwm" },
		     { "/dev/fuse:r", "/dev/fuse", "/dev/fuse", "r" },
		     { "/dev/fuse:mr", "/dev/fuse", "/dev/fuse", "rm" },
		     { "/dev/fuse:/dev/x:rw", "/dev/fuse", "/dev/x", "rw" } };
	static const char *const bad[] = { "",
					   "fuse",
					   "/dev/a:x",
					   "/dev/a:/b:x",
					   "/dev/a::r",
					   "/dev/a:/b:r:w",
					   "/dev/a:/b:rr",
					   "/dev/a:rwmr",
					   "vendor.com/gpu=0" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(struct device_flag, device_flag_done) flag = { 0 };
		assert_int_equal(device_flag_parse(good[i].text, &flag, NULL), 0);
		assert_string_equal(flag.source, good[i].source);
		assert_string_equal(flag.target, good[i].target);
		assert_string_equal(flag.access, good[i].access);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct device_flag flag = { 0 };
		assert_int_equal(device_flag_parse(bad[i], &flag, NULL), -1);
		assert_null(flag.source);
	}
}

static void device_rules_are_three_words(void **state)
{
	(void)state;
	struct device_rule rule;
	assert_int_equal(device_rule_parse("c 1:3 rwm", &rule, NULL), 0);
	assert_true(rule.type == 'c' && rule.major == 1 && rule.minor == 3);
	assert_int_equal(device_rule_parse("a *:* m", &rule, NULL), 0);
	assert_true(rule.type == 'a' && rule.major == -1 && rule.minor == -1);
	assert_string_equal(rule.access, "m");
	static const char *const bad[] = {
		"",        "c",          "c 1:3",    "c 1 r",    "x 1:3 r",   "cc 1:3 r",
		"c 1:3 x", "c 1:3 rwmr", "c -1:3 r", "c 1:3  r", "c 1:3 r w", "c 4294967296:1 r"
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(device_rule_parse(bad[i], &rule, NULL), -1);
}

static void throttles_name_a_device(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum throttle_unit unit;
		uint64_t value;
	} good[] = { { "/dev/sda:1mb", THROTTLE_BYTES, 1 << 20 },
		     { "/dev/sda:100", THROTTLE_COUNT, 100 },
		     { "/dev/sda:10", THROTTLE_WEIGHT, 10 } };
	static const struct {
		const char *text;
		enum throttle_unit unit;
	} bad[] = { { "x", THROTTLE_BYTES },           { ":1", THROTTLE_BYTES },
		    { "/sda:1", THROTTLE_BYTES },      { "/dev/sda:", THROTTLE_BYTES },
		    { "/dev/sda:-1", THROTTLE_COUNT }, { "/dev/sda:1k", THROTTLE_COUNT },
		    { "/dev/sda:9", THROTTLE_WEIGHT }, { "/dev/sda:1001", THROTTLE_WEIGHT } };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		AUTO(struct throttle_flag, throttle_flag_done) flag = { 0 };
		assert_int_equal(throttle_flag_parse(good[i].text, good[i].unit, &flag, NULL), 0);
		assert_string_equal(flag.path, "/dev/sda");
		assert_true(flag.value == good[i].value);
	}
	struct throttle_flag flag;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(throttle_flag_parse(bad[i].text, bad[i].unit, &flag, NULL), -1);
}

static void ulimits_have_two_sides(void **state)
{
	(void)state;
	struct ulimit_flag flag;
	assert_int_equal(ulimit_parse("nofile=1024:4096", &flag, NULL), 0);
	assert_string_equal(flag.name, "nofile");
	assert_true(flag.soft == 1024 && flag.hard == 4096);
	assert_int_equal(ulimit_parse("core=-1", &flag, NULL), 0);
	assert_true(flag.soft == UINT64_MAX && flag.hard == UINT64_MAX);
	assert_int_equal(ulimit_parse("core=0:unlimited", &flag, NULL), 0);
	assert_true(flag.soft == 0 && flag.hard == UINT64_MAX);
	static const char *const bad[] = { "",
					   "nofile",
					   "=1",
					   "nofile=",
					   "nofile=1:",
					   "a=1:2:3",
					   "a=x",
					   "a=10:5",
					   "a=-1:5",
					   "a=-2",
					   "averyveryverylongname=1",
					   "a=111111111111111111111111111111111111111111" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ulimit_parse(bad[i], &flag, NULL), -1);
}

static void words_add_and_take_away(void **state)
{
	(void)state;
	static const struct word_bit table[] = { { "a", 1 }, { "b", 2 }, { "c", 4 }, { 0 } };
	static const struct {
		const char *text;
		uint32_t bits;
	} good[] = { { "a", 1 },        { "a,b", 3 },     { "all", 3 }, { "all,-b", 1 },
		     { "-a", 2 },       { "none", 0 },    { "c", 4 },   { "all,c", 7 },
		     { "a,none,b", 2 }, { "all,-all", 0 } };
	static const char *const bad[] = { "",  "x",   "a,",    ",a", "a,,b",
					   "-", "--a", "-none", "al", "A" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint32_t bits = 42;
		assert_int_equal(word_set_parse(good[i].text, table, 3, &bits, NULL), 0);
		assert_int_equal(bits, good[i].bits);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint32_t bits = 42;
		struct err err = { 0 };
		assert_int_equal(word_set_parse(bad[i], table, 3, &bits, &err), -1);
		assert_int_equal(bits, 42);
		assert_non_null(strstr(err.hint, "all, none, a, b, c"));
	}
}

static void spans_are_words(void **state)
{
	(void)state;
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = { { 0, "Less than a second" }, { 1, "1 second" },
		     { 59, "59 seconds" },        { 60, "About a minute" },
		     { 120, "2 minutes" },        { 3599, "59 minutes" },
		     { 3600, "About an hour" },   { 7200, "2 hours" },
		     { 48 * 3600, "2 days" },     { 14 * 86400, "2 weeks" },
		     { 60 * 86400, "2 months" },  { 730 * 86400, "2 years" } };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[AGO_SIZE];
		ago_format(rows[i].seconds * 1000000000u, text);
		assert_string_equal(text, rows[i].text);
	}
	char text[AGO_SIZE];
	ago_format(UINT64_MAX, text);
	assert_string_equal(text, "584 years");
}

static void durations_have_units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = { { "0", 0 },
		     { "5s", UINT64_C(5000000000) },
		     { "250ms", 250000000 },
		     { "1m30s", UINT64_C(90000000000) },
		     { "1.5h", UINT64_C(5400000000000) },
		     { ".5s", 500000000 },
		     { "7us", 7000 },
		     { "9ns", 9 },
		     { "0.1234567s", 123456000 } };
	static const char *const bad[] = {
		"", "5", "s", "5x", "-1s", "1s ", "1e3s", "300000000000h", "10000000000000000000s"
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t ns = 42;
		assert_int_equal(duration_parse(good[i].text, &ns, NULL), 0);
		assert_true(ns == good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint64_t ns = 42;
		assert_int_equal(duration_parse(bad[i], &ns, NULL), -1);
		assert_true(ns == 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole),
		cmocka_unit_test(fractions_are_exact),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(sizes_for_people),
		cmocka_unit_test(devices_have_three_parts),
		cmocka_unit_test(device_rules_are_three_words),
		cmocka_unit_test(throttles_name_a_device),
		cmocka_unit_test(ulimits_have_two_sides),
		cmocka_unit_test(words_add_and_take_away),
		cmocka_unit_test(spans_are_words),
		cmocka_unit_test(durations_have_units),
	};
	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
