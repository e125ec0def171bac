/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime state: one container, as JSON. */
#include "cli/oci/oci.h"
#include "cli/oci/summary.h"
#include "cli/output.h"

#include "base/json.h"

#include <json-c/json.h>

static int state_run(const struct oci_globals *globals, void *input UNUSED,
		     const struct strv *operands, struct err *err)
{
	AUTO(struct bundle_summary, bundle_summary_done) summary = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	struct bundle_home home = oci_home(globals);
	if (bundle_state(&home, operands->items[0], &summary, err) < 0)
		return -1;
	oci_summary_json(&summary, &text);
	struct json_source source = { .what = "state", .max_bytes = text.len + 1 };
	if (json_parse_strict(buf_str(&text), text.len, &source, &doc, err) < 0)
		return -1;
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			  JSON_C_TO_STRING_NOSLASHESCAPE;
	return output_line(err, "%s", json_object_to_json_string_ext(doc, style));
}

const struct oci_verb oci_state = {
	.name = "state",
	.operands = "CONTAINER-ID",
	.summary = "Show the state of a container as JSON",
	.details = "Members are those of the runtime specification, and rootfs, created and "
		   "owner. The status is creating, created, running, paused or stopped; pid is 0 "
		   "for a container that has stopped.",
	.operands_len = 1,
	.run = state_run,
};
