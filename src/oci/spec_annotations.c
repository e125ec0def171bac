/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations that engines and their users give crun, beside the specification. All others are
 * passed on to hooks and state, and mean nothing here.
 */
#include "base/mem.h"
#include "oci/spec_parse.h"
#include "oci/spec_read.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	"run.oci.hooks.stderr",         "run.oci.hooks.stdout",
	"run.oci.keep_original_groups", "run.oci.mount_context_type",
	"run.oci.pidfd_receiver",       "run.oci.seccomp.receiver",
	"run.oci.seccomp_bpf_data",     "run.oci.seccomp_fail_unknown_syscall",
	"run.oci.timens_offset",        NULL,
};

/* What changes who runs the payload, or where: without it the container would be another one. */
static const struct {
	const char *name;
	const char *value; /* the one that is refused; NULL: all but the empty one */
	const char *needs;
} refused[] = {
	{ "module.wasm.image/variant", "compat", "a WebAssembly engine" },
	{ "run.oci.delegate-cgroup", NULL, "a control group below the container's own" },
	{ "run.oci.handler", NULL, "another kind of container: krun and wasm" },
	{ "run.oci.seccomp.plugins", NULL, "libraries loaded into the runtime" },
	{ "run.oci.systemd.force_cgroup_v1", NULL, "a hierarchy of cgroup v1 on a v2 host" },
	{ "run.oci.systemd.subgroup", NULL, "a control group below systemd's scope" },
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

static int refuse_unsupported(const struct json_at *map, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		AUTO_FREE char *value = NULL;
		struct json_at at = json_member(map, refused[i].name);
		int got = json_get_str(map, refused[i].name, &value, err);
		if (got < 0)
			return -1;
		if (got == 0 || value[0] == '\0' ||
		    (refused[i].value != NULL && strcmp(value, refused[i].value) != 0))
			continue;
		json_err(&at, err, "not supported: %s", refused[i].needs);
		if (err != NULL)
			err->kind = ERR_UNSUPPORTED;
		return -1;
	}
	return 0;
}

/* "monotonic 60 0", or the clock by its number: time_namespaces(7) */
static int read_clock(const char *line, struct ns_time_offset *out)
{
	char clock[16], end;
	long long secs;
	unsigned nanosecs;
	/* Lines are bounded by the document, and each word by its width. */
	if (sscanf(line, "%15s %lld %u %c", clock, &secs, &nanosecs, &end) != 3 ||
	    nanosecs >= 1000000000)
		return -1;
	bool is_boottime = strcmp(clock, "boottime") == 0 || strcmp(clock, "7") == 0;
	if (!is_boottime && strcmp(clock, "monotonic") != 0 && strcmp(clock, "1") != 0)
		return -1;
	*out = (struct ns_time_offset){ .is_boottime = is_boottime,
					.secs = secs,
					.nanosecs = nanosecs };
	return 0;
}

/* As it is written to /proc/PID/timens_offsets; linux.timeOffsets has the last word. */
static int read_time_offsets(const struct json_at *map, struct spec *spec, struct err *err)
{
	static const char name[] = "run.oci.timens_offset";
	AUTO_FREE char *text = NULL;
	AUTO(struct strv, strv_done) lines = { 0 };
	struct json_at at = json_member(map, name);
	int got = json_get_str(map, name, &text, err);
	if (got <= 0)
		return got;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.len; i++) {
		if (lines.items[i][0] == '\0')
			continue;
		if (spec->time_offsets_len == ARRAY_LEN(spec->time_offsets) ||
		    read_clock(lines.items[i], &spec->time_offsets[spec->time_offsets_len]) < 0)
			return json_err(&at, err,
					"expected lines \"monotonic SECONDS NANOSECONDS\" "
					"or \"boottime ...\"");
		spec->time_offsets_len++;
	}
	return 0;
}

int spec_read_annotations(const struct json_at *root, struct spec *spec, struct err *err)
{
	struct json_at map;
	AUTO_FREE char *keeps_groups = NULL, *fails = NULL;
	int got = json_get_object(root, "annotations", &map, err);
	if (got <= 0)
		return got;
	if (json_get_map(root, "annotations", &spec->annotations, err) < 0 ||
	    refuse_unsupported(&map, err) < 0 ||
	    spec_read_path(&map, "run.oci.hooks.stderr", &spec->hooks_stderr, err) < 0 ||
	    spec_read_path(&map, "run.oci.hooks.stdout", &spec->hooks_stdout, err) < 0 ||
	    spec_read_path(&map, "run.oci.pidfd_receiver", &spec->pidfd_socket, err) < 0 ||
	    spec_read_path(&map, "run.oci.seccomp.receiver", &spec->seccomp.listener_path, err) <
		    0 ||
	    json_get_str(&map, "run.oci.seccomp_bpf_data", &spec->seccomp.raw, err) < 0 ||
	    json_get_str(&map, "run.oci.seccomp_fail_unknown_syscall", &fails, err) < 0 ||
	    json_get_str(&map, "run.oci.keep_original_groups", &keeps_groups, err) < 0)
		return -1;
	/* As in crun, whatever the values are. */
	spec->keeps_groups = keeps_groups != NULL;
	spec->seccomp.fails_on_unknown = fails != NULL;
	return read_time_offsets(&map, spec, err) < 0 ? -1 : read_context_type(&map, spec, err);
}
