/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* pack: a minimal, deterministic image of host programs with what they need to start. */
#include "base/err.h"
#include "base/strv.h"

struct engine;

struct pack_options {
	const struct strv *programs; /* host paths, or names looked up in PATH; first = entrypoint */
	const struct strv *extra_files; /* --add HOST[:CONTAINER] */
	const struct strv *trace_command; /* --trace CMD...: run once, add what it opens; may be empty */
	const char *name;
};

/** Why a file is in the image. */
struct pack_reason {
	char *path;	 /* in the image */
	char *needed_by; /* path, or "command line" */
	char *kind;	 /* "program", "interpreter", "loader", "library", "symlink", "opened" */
};
struct pack_result {
	char id[65];
	struct pack_reason *reasons;
	size_t reasons_len;
	uint64_t size_bytes;
};
void pack_result_done(struct pack_result *result);

/** With options->name NULL nothing is stored: only the reasons are found (for --why). */
int engine_pack(struct engine *engine, const struct pack_options *options, struct pack_result *out,
		struct err *err);
