/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime delete: what is left of a container. */
#include "cli/oci/oci.h"

struct delete_input {
	bool force;
};

static const struct option_row delete_rows[] = {
	{ "force", 'f', OPTION_FLAG, NULL, NULL, NULL,
	  "Kill it first if it runs; one that does not exist is no error",
	  offsetof(struct delete_input, force) },
	{ 0 },
};

static int delete_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		      struct err *err)
{
	const struct delete_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	return bundle_delete(&home, operands->items[0], input->force, err);
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
