/* SPDX-License-Identifier: Apache-2.0 */
/* onggi logout: forget the credentials for a registry. */
#include "base/mem.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "engine/registries.h"

struct logout_input {
	char *auth_file;
	bool is_all;
};

static void logout_done(void *pointer)
{
	struct logout_input *input = pointer;
	free(input->auth_file);
}

static int logout_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct logout_input *input = pointer;
	const struct registries_options options = { .auth_file = input->auth_file };
	AUTO(struct strv, strv_done) forgotten = { 0 };
	AUTO_FREE char *server = NULL;
	(void)cli;
	if (input->is_all && operands->len > 0)
		return err_set(err, ERR_INVALID, "--all takes no registry");
	if (!input->is_all) {
		server = registries_server_name(operands->len > 0 ? operands->items[0] : NULL, err);
		if (server == NULL)
			return -1;
	}
	if (registries_login_forget(server, &options, &forgotten, err) < 0)
		return -1;
	for (size_t i = 0; i < forgotten.len; i++)
		if (output_line(err, "Removing login credentials for %s", forgotten.items[i]) < 0)
			return -1;
	if (forgotten.len == 0)
		return output_line(err, "Not logged in to %s",
				   server != NULL ? server : "any registry");
	return EXIT_OK;
}

static const struct option_row rows[] = {
	{ .name = "all",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct logout_input, is_all),
	  .help = "Forget those of all registries" },
	{ .name = "authfile",
	  .type = OPTION_STRING,
	  .argument = "file",
	  .offset = offsetof(struct logout_input, auth_file),
	  .complete = COMPLETE_FILES,
	  .help = "Where credentials are kept, instead of the usual files" },
	{ 0 },
};

const struct verb verb_logout = {
	.name = "logout",
	.operands = "[REGISTRY]",
	.summary = "Log out from a registry",
	.details =
		"The credentials are removed from every file in which a pull would find them, and "
		"from the programs that keep them. Without REGISTRY it is docker.io.",
	.examples = "  onggi logout registry.example\n  onggi logout --all",
	.options = { { rows } },
	.input_size = sizeof(struct logout_input),
	.done = logout_done,
	.operands_max = 1,
	.run = logout_verb,
};
