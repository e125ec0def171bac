/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as a bundle's config.json, through the parser and, if they parse, the
 * planner and what `explain` says of the plan. None of these touches the machine.
 */
#include "oci/spec_parse.h"
#include "runtime/boot/explain.h"
#include "runtime/boot/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan(struct spec *spec)
{
	struct boot_options options = {
		.root = { .path = spec->root_path },
		.uses_console = spec->process.terminal,
		.make_workdir = true,
		.finds_home = true,
	};
	struct boot_plan plan;
	struct err err = { 0 };
	struct buf text = { 0 };
	if (spec->cgroups_path == NULL)
		spec->cgroups_path = strdup("/fuzz");
	spec->root_change = spec->namespaces[NS_MOUNT].is_used ? SPEC_ROOT_PIVOT : SPEC_ROOT_CHROOT;
	if (boot_plan_make(spec, &options, &plan, &err) < 0) {
		if (err.kind == ERR_NONE)
			abort(); /* a failure without a word */
		return;
	}
	boot_explain_json(&plan, &text);
	buf_done(&text);
	boot_plan_done(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec;
	char *seccomp_json = NULL;
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	spec_init(&spec);
	if (spec_parse(text, size, &spec, &seccomp_json, &err) == 0)
		plan(&spec);
	else if (err.kind == ERR_NONE)
		abort();
	free(seccomp_json);
	spec_done(&spec);
	free(text);
	return 0;
}
