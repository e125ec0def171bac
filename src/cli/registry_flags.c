/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/registry_flags.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void registry_flags_done(struct registry_flags *flags)
{
	free(flags->auth_file);
	flags->auth_file = NULL;
}

static int tls_set(const struct option_row *row UNUSED, void *target, const char *value,
		   struct err *err)
{
	static const char *const words[] = { "false", "0", "f", "true", "1", "t" };
	struct registry_flags *flags = target;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			flags->tls = i < 3 ? REGISTRIES_TLS_UNVERIFIED : REGISTRIES_TLS_VERIFIED;
			return 0;
		}
	return err_set(err, ERR_INVALID, "it is neither true nor false");
}

const struct option_row registry_flag_rows[] = {
	{ .name = "authfile",
	  .type = OPTION_STRING,
	  .argument = "file",
	  .offset = offsetof(struct registry_flags, auth_file),
	  .complete = COMPLETE_FILES,
	  .help = "Where credentials are kept, instead of the usual files" },
	{ .name = "tls-verify",
	  .type = OPTION_CUSTOM,
	  .argument = "bool",
	  .implied = "true",
	  .set = tls_set,
	  .complete = COMPLETE_WORDS,
	  .words = "true false",
	  .help = "false: take any certificate of the registry, or plain http" },
	{ 0 },
};

struct registries_options registry_flags_options(const struct registry_flags *flags)
{
	return (struct registries_options){ .tls = flags->tls, .auth_file = flags->auth_file };
}
