/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/filter.h"

#include "kernel/seccomp/seccomp.h"
#include "sys/fd.h"
#include "sys/file.h"

static void take(struct spec *spec, const struct seccomp_program *program)
{
	spec->seccomp.filter = program->filter;
	spec->seccomp.len = program->len;
	spec->seccomp.flags = program->flags;
}

int filter_load(struct bundle *bundle, int root_fd, struct err *err)
{
	struct spec *spec = &bundle->spec;
	struct seccomp_program program = { 0 };
	if (spec->seccomp.raw != NULL) {
		if (seccomp_decode(spec->seccomp.raw, &program, err) < 0)
			return err_context(err,
					   "config.json: annotations.run.oci.seccomp_bpf_data");
		take(spec, &program);
		return 0;
	}
	if (bundle->seccomp_json == NULL)
		return 0;
	AUTO_FD cache_fd = file_open_dir(root_fd, "seccomp", 0700, err);
	if (cache_fd < 0)
		return -1;
	struct seccomp_context context = {
		.caps = spec->process.caps.bounding,
		.has_listener = spec->seccomp.listener_path != NULL,
		.fails_on_unknown_call = spec->seccomp.fails_on_unknown,
		.ignores_unknown = true,
	};
	if (seccomp_load_or_compile(cache_fd, bundle->seccomp_json, &context, &program, err) < 0)
		return err_context(err, "config.json: linux.seccomp");
	take(spec, &program);
	return 0;
}
