/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime create: a container that waits for its start. */
#include "cli/oci/create_options.h"

static int create_run(const struct oci_globals *globals, void *input, const struct strv *operands,
		      struct err *err)
{
	struct bundle_home home = oci_home(globals);
	struct bundle_create_options options;
	if (oci_create_options(input, operands->items[0], &options, err) < 0)
		return -1;
	return bundle_create(&home, &options, err);
}

const struct oci_verb oci_create = {
	.name = "create",
	.operands = "CONTAINER-ID",
	.summary = "Make a container, up to the moment before its program",
	.details = "Everything is built and checked: namespaces, control group, mounts, the "
		   "program's path and the rights it will have. Its first process then waits for "
		   "start, and nothing of the runtime stays beside it. Input and output are the "
		   "caller's own; a terminal's master side is sent over --console-socket.",
	.options = { { oci_create_rows } },
	.input_size = sizeof(struct oci_create_input),
	.done = oci_create_input_done,
	.operands_len = 1,
	.run = create_run,
};
