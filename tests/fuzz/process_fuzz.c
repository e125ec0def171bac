/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as the process object of `exec`, twice over, and the plan of that exec. */
#include "oci/spec_parse.h"
#include "runtime/boot/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec;
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	spec_init(&spec);
	for (int i = 0; i < 2; i++) {
		if (spec_parse_process(text, size, &spec, &err) < 0) {
			if (err.kind == ERR_NONE)
				abort(); /* a failure without a word */
			break;
		}
		struct boot_options options = { .uses_console = spec.process.terminal };
		struct boot_target target = { .pid = 1, .pidfd = 3 };
		struct boot_plan plan;
		if (boot_plan_make_exec(&spec, &options, &target, &plan, &err) == 0)
			boot_plan_done(&plan);
	}
	spec_done(&spec);
	free(text);
	return 0;
}
