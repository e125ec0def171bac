/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime pause and resume: all processes of a container, at once. */
#include "cli/oci/oci.h"

static int pause_run(const struct oci_globals *globals, void *input UNUSED,
		     const struct strv *operands, struct err *err)
{
	struct bundle_home home = oci_home(globals);
	return bundle_pause(&home, operands->items[0], err);
}

const struct oci_verb oci_pause = {
	.name = "pause",
	.operands = "CONTAINER-ID",
	.summary = "Stop all processes of a container where they are",
	.details = "By the freezer of its control group: the processes do not notice.",
	.operands_len = 1,
	.run = pause_run,
};

static int resume_run(const struct oci_globals *globals, void *input UNUSED,
		      const struct strv *operands, struct err *err)
{
	struct bundle_home home = oci_home(globals);
	return bundle_resume(&home, operands->items[0], err);
}

const struct oci_verb oci_resume = {
	.name = "resume",
	.operands = "CONTAINER-ID",
	.summary = "Let all processes of a paused container go on",
	.details = "The opposite of pause.",
	.operands_len = 1,
	.run = resume_run,
};
