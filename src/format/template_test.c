/* SPDX-License-Identifier: Apache-2.0 */
#include "format/template.h"

#include "base/json.h"
#include "format/env_file.h"
#include "format/instruction.h"
#include "format/mount_flag.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char data_text[] =
	"{\"ID\":\"abcdef\",\"N\":3,\"F\":1.5,\"T\":true,\"E\":\"\",\"Nil\":null,"
	"\"Name\":\"/web\",\"List\":[\"x\",\"y\",\"z\"],\"None\":[],"
	"\"Labels\":{\"b\":\"2\",\"a.b\":\"1\"},"
	"\"State\":{\"Status\":\"running\",\"Pid\":7},"
	"\"Mounts\":[{\"Source\":\"/a\"},{\"Source\":\"/b\"}],\"Evil\":\"\\u001b[31m\"}";

static struct json_object *method(struct json_object *dot, const char *name, const char *argument)
{
	(void)dot;
	return strcmp(name, "Label") == 0 ? json_object_new_string(argument) : NULL;
}

static int expand(const char *text, struct buf *out, struct err *err)
{
	AUTO_JSON struct json_object *data = json_tokener_parse(data_text);
	struct template *template = template_parse(text, err);
	if (template == NULL)
		return -1;
	int status = template_eval(template, data, method, out, err);
	template_free(template);
	return status;
}

struct row {
	const char *text, *wanted;
};

static void expect_all(const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		AUTO(struct buf, buf_done) out = { 0 };
		struct err err = { 0 };
		if (expand(rows[i].text, &out, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		if (strcmp(buf_str(&out), rows[i].wanted) != 0)
			fail_msg("%s: got '%s', wanted '%s'", rows[i].text, buf_str(&out),
				 rows[i].wanted);
	}
}

static void fields_and_text(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "", "" },
		{ "plain } text", "plain } text" },
		{ "{{.ID}}", "abcdef" },
		{ "a{{ .ID }}b", "aabcdefb" },
		{ "{{.State.Status}} {{.State.Pid}}", "running 7" },
		{ "{{.N}} {{.F}} {{.T}} {{.Nil}}", "3 1.5 true <no value>" },
		{ "{{.List}} {{.Labels}}", "[x y z] map[a.b:1 b:2]" },
		{ "{{.State.Health}}", "<no value>" },
		{ "{{.State.Health.Status}}", "<no value>" },
		{ "{{json .State}}", "{\"Status\":\"running\",\"Pid\":7}" },
		{ "{{.State | json}}", "{\"Status\":\"running\",\"Pid\":7}" },
		{ "{{json .Name}}", "\"/web\"" },
		{ "a {{- .N -}} b", "a3b" },
		{ "a {{/* no {{ }} */}} b", "a  b" },
		{ "a {{- /* no */ -}} b", "ab" },
		{ "{{.Label \"com.x\"}}", "com.x" },
		{ "{{.Evil}}", "\\x1b[31m" },
		{ "{{\"a\\tb\\\"\"}}{{`raw\\n`}}", "a\tb\"raw\\n" },
		{ "{{$x := .N}}{{$x}}{{$.ID}}", "3abcdef" },
		{ "{{$x := 1}}{{$x = 2}}{{$x}}", "2" },
		{ "{{(index .Mounts 1).Source}}", "/b" },
		{ "{{true}} {{-3}} {{2.5}}", "true -3 2.5" },
	};
	expect_all(rows, ARRAY_LEN(rows));
}

static void control(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "{{if .T}}y{{end}}", "y" },
		{ "{{if .E}}y{{else}}n{{end}}", "n" },
		{ "{{if .E}}1{{else if .N}}2{{else}}3{{end}}", "2" },
		{ "{{if .E}}1{{else if .Nil}}2{{else}}3{{end}}", "3" },
		{ "{{if .State.Health}}y{{else}}n{{end}}", "n" },
		{ "{{range .List}}<{{.}}>{{end}}", "<x><y><z>" },
		{ "{{range .None}}a{{else}}none{{end}}", "none" },
		{ "{{range $i, $e := .List}}{{$i}}{{$e}} {{end}}", "0x 1y 2z " },
		{ "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a.b=1;b=2;" },
		{ "{{range $e := .Mounts}}{{$e.Source}}{{end}}", "/a/b" },
		{ "{{range .Mounts}}{{.Source}}{{$.N}}{{end}}", "/a3/b3" },
		{ "{{with .State}}{{.Pid}}{{end}}{{with .Nil}}x{{else}}-{{end}}", "7-" },
		{ "{{with $x := .State}}{{$x.Pid}}{{end}}", "7" },
		{ "{{if and .T .N}}y{{end}}{{if or .E .Nil}}x{{end}}{{if not .E}}z{{end}}", "yz" },
		{ "{{if eq .State.Status \"running\"}}up{{end}}", "up" },
		{ "{{if eq .ID \"x\" \"abcdef\"}}y{{end}}{{if ne .N 3}}x{{end}}", "y" },
		{ "{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge 1 2}}", "truetruefalsefalse" },
	};
	expect_all(rows, ARRAY_LEN(rows));
}

static void functions(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "{{join .List \",\"}}", "x,y,z" },
		{ "{{range split \"a:b\" \":\"}}<{{.}}>{{end}}", "<a><b>" },
		{ "{{upper .ID}} {{lower \"AB\"}} {{title \"ab cd\"}}", "ABCDEF ab Ab Cd" },
		{ "{{.Name | upper | printf \"%q\"}}", "\"/WEB\"" },
		{ "{{printf \"%-5s|%5s|%.2s\" \"ab\" \"cd\" \"efg\"}}", "ab   |   cd|ef" },
		{ "{{printf \"%d %03d %x %v %t %.1f%%\" 5 7 255 .List true 2.25}}",
		  "5 007 ff [x y z] true 2.2%" },
		{ "{{len .ID}} {{len .List}} {{len .Labels}}", "6 3 2" },
		{ "{{index .Labels \"a.b\"}}{{index .Labels \"none\"}}{{index .List 0}}", "1x" },
		{ "{{slice .ID 0 3}} {{slice .ID 4}} {{truncate .ID 2}}", "abc ef ab" },
		{ "{{print 1 2 \"a\" \"b\"}}{{println \"x\" 1}}", "1 2abx 1\n" },
		{ "{{pad .ID 1 2}}|", " abcdef  |" },
		{ "{{and .T .E .N}}|{{or .E .N}}", "|3" },
	};
	expect_all(rows, ARRAY_LEN(rows));
}

static void errors_say_what(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "{{", "unclosed action" },
		{ "{{.ID", "unclosed action" },
		{ "{{\"}}", "unclosed action" },
		{ "{{}}", "an operand is missing" },
		{ "{{.ID |}}", "an operand is missing" },
		{ "{{if .ID}}", "{{end}} is missing" },
		{ "{{end}}", "unexpected {{end}}" },
		{ "{{else}}", "unexpected {{else}}" },
		{ "{{if .N}}{{else}}{{else}}{{end}}", "second {{else}}" },
		{ "{{if .N}}{{end x}}", "words behind end" },
		{ "{{(.ID}}", "missing )" },
		{ "{{.ID)}}", "unexpected words" },
		{ "{{\"\\q\"}}", "unknown escape" },
		{ "{{%}}", "unexpected \"%\"" },
		{ "{{template \"x\"}}", "{{template}} is not yet supported" },
		{ "{{$x}}", "undefined variable \"$x\"" },
		{ "{{$x = 1}}", "undefined variable \"$x\"" },
		{ "{{.Typo}}", "can't evaluate field Typo" },
		{ "{{.ID.X}}", "can't evaluate field X in a string" },
		{ "{{nofn .ID}}", "function \"nofn\" not defined" },
		{ "{{.ID 1}}", "no function" },
		{ "{{.Other \"x\"}}", "Other is no function" },
		{ "{{len 3}}", "error calling len" },
		{ "{{len}}", "wrong number of arguments" },
		{ "{{index .List 3}}", "index out of range" },
		{ "{{index .List \"x\"}}", "error calling index" },
		{ "{{slice .ID 5 2}}", "index out of range" },
		{ "{{printf \"%d\" \"x\"}}", "wrong type" },
		{ "{{printf \"%d\"}}", "an argument is missing" },
		{ "{{printf \"%z\" 1}}", "known are" },
		{ "{{printf \"%99999d\" 1}}", "bad format" },
		{ "{{printf \"%\"}}", "bad format" },
		{ "{{eq 1 \"1\"}}", "incompatible types" },
		{ "{{range .N}}{{end}}", "can't iterate" },
		{ "{{range $i, := .List}}{{end}}", "behind the comma" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct buf, buf_done) out = { 0 };
		struct err err = { 0 };
		if (expand(rows[i].text, &out, &err) == 0)
			fail_msg("%s gave '%s'", rows[i].text, buf_str(&out));
		if (strstr(err.text, rows[i].wanted) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

static void bounds_hold(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) deep = { 0 };
	AUTO(struct buf, buf_done) parens = { 0 };
	AUTO(struct buf, buf_done) loops = { 0 };
	AUTO(struct buf, buf_done) out = { 0 };
	struct err err = { 0 };
	for (int i = 0; i < 1000; i++)
		buf_add_str(&deep, "{{if 1}}");
	assert_int_equal(expand(buf_str(&deep), &out, &err), -1);
	assert_non_null(strstr(err.text, "nested too deeply"));
	buf_add_str(&parens, "{{");
	for (int i = 0; i < 1000; i++)
		buf_add_char(&parens, '(');
	buf_add_str(&parens, "}}");
	assert_int_equal(expand(buf_str(&parens), &out, &err), -1);
	assert_non_null(strstr(err.text, "nested too deeply"));
	for (int i = 0; i < 15; i++)
		buf_add_str(&loops, "{{range $.List}}");
	buf_add_str(&loops, "x");
	for (int i = 0; i < 15; i++)
		buf_add_str(&loops, "{{end}}");
	assert_int_equal(expand(buf_str(&loops), &out, &err), -1);
	assert_non_null(strstr(err.text, "runs too long"));
}

/* Damage what is good in every way and see that nothing but an error comes of it; run with the
 * sanitizers, this is the fuzz smoke of the parsers. */
static uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void damage(char *text, size_t size, uint32_t *seed)
{
	static const char bytes[] = "{}.$\"`\\()|:=,-%/ \n\t0a[]\x80\xff_xX";
	size_t len = strlen(text);
	unsigned changes = 1 + random_next(seed) % 4;
	for (unsigned i = 0; i < changes; i++) {
		size_t at = len > 0 ? random_next(seed) % len : 0;
		char byte = bytes[random_next(seed) % (sizeof(bytes) - 1)];
		switch (random_next(seed) % 3) {
		case 0:
			if (len > 0)
				text[at] = byte;
			break;
		case 1:
			memmove(text + at, text + at + (len > 0), len - at + (len == 0));
			len -= len > 0;
			break;
		default:
			if (len + 2 > size)
				break;
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = byte;
			len++;
			break;
		}
	}
}

static void parse_everything(const char *text)
{
	AUTO(struct buf, buf_done) out = { 0 };
	AUTO(struct instruction, instruction_done) change = { 0 };
	AUTO(struct mount_flag, mount_flag_done) mount = { 0 };
	AUTO(struct mount_flag, mount_flag_done) volume = { 0 };
	AUTO(struct strv, strv_done) env = { 0 };
	expand(text, &out, NULL);
	instruction_parse(text, &change, NULL);
	mount_flag_parse(text, &mount, NULL);
	volume_flag_parse(text, &volume, NULL);
	env_file_parse(text, strlen(text), "text", NULL, &env, NULL);
}

static void damaged_input_is_an_error_at_worst(void **state)
{
	(void)state;
	static const char *const seeds[] = {
		"{{range $i, $e := .List}}{{$i}}{{printf \"%-5s %q\" $e .}}{{else}}x{{end}}",
		"{{if eq .State.Status \"running\"}}a{{else if .N}}b{{else}}c{{end}} {{- .ID -}} ",
		"{{with $x := (index .Mounts 1)}}{{$x.Source | upper}}{{end}}{{/* c */}}{{`r`}}",
		"{{join (split .Name \"/\") \"-\"}}{{slice .ID 1 2}}{{pad .ID 1 2}}",
		"type=bind,\"src=/a,b\",dst=/b,ro,bind-recursive=writable,bind-propagation=rslave",
		"/a:/b:ro,rslave,noexec",
		"ENV A=1 B=\"2 3\" C='4'\nHOME\n# x",
		"CMD [\"a\", \"b c\"]",
	};
	uint32_t seed = 20260101;
	for (int round = 0; round < 4000; round++) {
		for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
			char text[256];
			memcpy(text, seeds[i], strlen(seeds[i]) + 1);
			damage(text, sizeof(text), &seed);
			parse_everything(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_and_text),
		cmocka_unit_test(control),
		cmocka_unit_test(functions),
		cmocka_unit_test(errors_say_what),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(damaged_input_is_an_error_at_worst),
	};
	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
