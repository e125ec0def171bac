/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime delete: what is left of a container. */
#include "cli/oci/matching.h"
#include "cli/oci/oci.h"

struct delete_input {
	bool force, is_regex;
};

static const struct option_row delete_rows[] = {
	{ "force", 'f', OPTION_FLAG, NULL, NULL, NULL,
	  "Kill it first if it runs; one that does not exist is no error",
	  offsetof(struct delete_input, force) },
	{ "regex", 'r', OPTION_FLAG, NULL, NULL, NULL,
	  "Every container whose id matches an extended regular expression",
	  offsetof(struct delete_input, is_regex) },
	{ 0 },
};

static int delete_one(const struct bundle_home *home, const char *id, void *context,
		      struct err *err)
{
	const struct delete_input *input = context;
	return bundle_delete(home, id, input->force, err);
}

static int delete_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		      struct err *err)
{
	const struct delete_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	return oci_for_each(&home, operands->items[0], input->is_regex, delete_one, pointer, err);
}

const struct oci_verb oci_delete = {
	.name = "delete",
	.operands = "CONTAINER-ID",
	.summary = "Take away what is left of a container",
	.details = "The container has stopped, or has not been started. Processes that are left "
		   "in its control group are killed; hooks of the point poststop run, and a "
		   "failure there is a warning.",
	.options = { { delete_rows } },
	.input_size = sizeof(struct delete_input),
	.operands_len = 1,
	.run = delete_run,
};
