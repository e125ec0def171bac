/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime start: the program of a created container. */
#include "cli/oci/oci.h"

static int start_run(const struct oci_globals *globals, void *input UNUSED,
		     const struct strv *operands, struct err *err)
{
	struct bundle_home home = oci_home(globals);
	return bundle_start(&home, operands->items[0], err);
}

const struct oci_verb oci_start = {
	.name = "start",
	.operands = "CONTAINER-ID",
	.summary = "Let the program of a created container begin",
	.details = "Returns when it has begun, or tells why it could not: the container has "
		   "stopped then. Hooks of the point poststart run before it returns; one that "
		   "fails ends the container.",
	.operands_len = 1,
	.run = start_run,
};
