/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What registries_target() and a login have in common. */
#include "engine/registries.h"
#include "engine/registries/secret.h"
#include "engine/registries/settings.h"

struct target_name {
	const char *host, *path; /* path "": the registry as such */
	bool has_mirrors;        /* which may be asked instead */
};

/** As registries_target(), for what may be no image's name. */
int target_make(const struct target_name *name, const struct registries_options *options,
		struct registries_choice *out, struct err *err);
