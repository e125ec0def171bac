/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Hooks: other people's programs at points of a container's life. */
#include "base/err.h"
#include "oci/spec.h"

/**
 * Run all of one point in their order, until one fails. A hook gets the state on its standard
 * input, its arguments and environment and nothing else. After its timeout it is killed with its
 * process group; so it is when a signal that the caller has blocked would end us.
 * @state  JSON text
 * @return 0; -1 ERR_REMOTE naming the hook, how it ended and what it said; ERR_SYSTEM when it could
 *         not be run. Source: OCI runtime-spec config.md "POSIX-platform Hooks"
 */
int hooks_run(const struct spec *spec, enum spec_hook_point point, const char *state,
	      struct err *err);

/** Run all of one point whatever they do; a failure is a warning. */
void hooks_run_all(const struct spec *spec, enum spec_hook_point point, const char *state);
