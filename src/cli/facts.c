/* SPDX-License-Identifier: Apache-2.0 */
/* What version and info have in common. */
#include "cli/facts.h"

#include "cli/output.h"
#include "format/json_text.h"
#include "format/template.h"

#include <string.h>
#include <sys/utsname.h>

static const struct utsname *system_names(void)
{
	static struct utsname names;
	if (names.sysname[0] == '\0')
		uname(&names);
	return &names;
}

const char *facts_kernel(void)
{
	return system_names()->release;
}

const char *facts_architecture(void)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },
		{ "aarch64", "arm64" },
		{ "i686", "386" },
		{ "armv7l", "arm" },
	};
	const char *machine = system_names()->machine;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i][0], machine) == 0)
			return names[i][1];
	return machine; /* ppc64le, riscv64, s390x: the same in both worlds */
}

int facts_print(struct json_object *facts, const char *text, const char *format, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	if (format == NULL || format[0] == '\0') {
		buf_add_str(&out, text);
		return output_write(&out, err);
	}
	if (strcmp(format, "json") == 0) {
		json_text_add(&out, facts, JSON_TEXT_COMPACT);
	} else {
		struct template *template = template_parse(format, err);
		int status = template != NULL ? template_eval(template, facts, NULL, &out, err)
					      : -1;
		template_free(template);
		if (status < 0)
			return -1;
	}
	buf_add_char(&out, '\n');
	return output_write(&out, err);
}
