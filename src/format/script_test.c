/* SPDX-License-Identifier: Apache-2.0 */
#include "base/attr.h"
#include "format/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void first_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text, *interpreter, *argument;
	} cases[] = {
		{ "#!/bin/sh\nexit\n", "/bin/sh", NULL },
		{ "#! \t/bin/sh  -e x \nexit", "/bin/sh", "-e x" },
		{ "#!/bin/sh", "/bin/sh", NULL },
		{ "#!/bin/sh\r\n", "/bin/sh\r", NULL },
		{ "#!\n/bin/sh\n", NULL, NULL },
		{ "#", NULL, NULL },
		{ "echo\n", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct script, script_done) script = { 0 };
		bool is_script = script_parse(cases[i].text, strlen(cases[i].text), &script);
		assert_int_equal(is_script, cases[i].interpreter != NULL);
		if (!is_script)
			continue;
		assert_string_equal(script.interpreter, cases[i].interpreter);
		if (cases[i].argument != NULL)
			assert_string_equal(script.argument, cases[i].argument);
		else
			assert_null(script.argument);
	}
}

static void commands_of_env(void **state)
{
	(void)state;
	static const struct {
		const char *text, *command;
	} cases[] = {
		{ "#!/usr/bin/env python3\n", "python3" },
		{ "#!/usr/bin/env -S A=b perl -w\n", "perl" },
		{ "#!/usr/bin/env -Sruby x\n", "ruby" },
		{ "#!/usr/bin/env -i bash\n", "bash" },
		{ "#!/usr/bin/env\n", NULL },
		{ "#!/usr/bin/env -i\n", NULL },
		{ "#!/bin/sh env\n", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct script, script_done) script = { 0 };
		assert_true(script_parse(cases[i].text, strlen(cases[i].text), &script));
		AUTO_FREE char *command = script_env_command(&script);
		if (cases[i].command != NULL)
			assert_string_equal(command, cases[i].command);
		else
			assert_null(command);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_lines),
		cmocka_unit_test(commands_of_env),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
