/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The options of every verb that asks a registry: --tls-verify and --authfile. */
#include "cli/option.h"
#include "engine/registries.h"

/** First member of the verb's input. */
struct registry_flags {
	enum registries_tls tls;
	char *auth_file;
};
void registry_flags_done(struct registry_flags *flags);

/** A table for struct verb's `options`. */
extern const struct option_row registry_flag_rows[];

/** As the engine takes them; the rest is zero. Borrows from `flags`. */
struct registries_options registry_flags_options(const struct registry_flags *flags);
