/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations that engines and their users give crun, beside the specification. All others are
 * passed on to hooks and state, and mean nothing here.
 */
#include "base/mem.h"
#include "oci/spec_parse.h"
#include "oci/spec_read.h"

#include <string.h>

static const char *const names[] = {
	"run.oci.hooks.stderr",       "run.oci.hooks.stdout",     "run.oci.keep_original_groups",
	"run.oci.mount_context_type", "run.oci.seccomp.receiver", NULL,
};

const char *spec_annotation(size_t index)
{
	return names[index];
}

static int read_context_type(const struct json_at *map, struct spec *spec, struct err *err)
{
	static const struct spec_word types[] = {
		{ "context", 0 },     { "fscontext", 0 }, { "defcontext", 0 },
		{ "rootcontext", 0 }, { NULL, 0 },
	};
	static const char name[] = "run.oci.mount_context_type";
	uint64_t ignored;
	int got = spec_read_word(map, name, types, &ignored, err);
	return got <= 0 ? got : json_get_str(map, name, &spec->mount_context_type, err);
}

int spec_read_annotations(const struct json_at *root, struct spec *spec, struct err *err)
{
	struct json_at map;
	AUTO_FREE char *keeps_groups = NULL;
	int got = json_get_object(root, "annotations", &map, err);
	if (got <= 0)
		return got;
	if (json_get_map(root, "annotations", &spec->annotations, err) < 0 ||
	    spec_read_path(&map, "run.oci.hooks.stderr", &spec->hooks_stderr, err) < 0 ||
	    spec_read_path(&map, "run.oci.hooks.stdout", &spec->hooks_stdout, err) < 0 ||
	    spec_read_path(&map, "run.oci.seccomp.receiver", &spec->seccomp.listener_path, err) <
		    0 ||
	    json_get_str(&map, "run.oci.keep_original_groups", &keeps_groups, err) < 0)
		return -1;
	/* As in crun, whatever its value is. */
	spec->keeps_groups = keeps_groups != NULL;
	return read_context_type(&map, spec, err);
}
