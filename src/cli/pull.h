/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What `pull` does, for `run`, which pulls what is missing. */
#include "cli/registry_flags.h"
#include "engine/engine.h"

struct cli_pull {
	struct registry_flags flags; /* borrowed */
	const char *platform;        /* "os/arch[/variant]" or NULL: this machine's */
	bool all_tags, is_quiet;
	int out_fd; /* where all that is said goes */
};

/** Pull what `name` says and tell of it as `docker pull` does. */
int cli_pull(struct engine *engine, const char *name, const struct cli_pull *options,
	     struct err *err);
