/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime events: what a container uses, a JSON document in a line each. */
#include "cli/oci/oci.h"
#include "cli/oci/usage_json.h"
#include "cli/output.h"

#include "base/json_write.h"
#include "format/duration.h"

#include <stdlib.h>

#define INTERVAL_DEFAULT "5s"

struct events_input {
	char *interval;
	bool once;
};

static void events_done(void *pointer)
{
	free(((struct events_input *)pointer)->interval);
}

static const struct option_row events_rows[] = {
	{ "interval", 0, OPTION_STRING, "time", NULL, NULL,
	  "Time between two statistics, as 500ms or 1m30s (5s)",
	  offsetof(struct events_input, interval) },
	{ "stats", 0, OPTION_FLAG, NULL, NULL, NULL, "Print the statistics once and exit",
	  offsetof(struct events_input, once) },
	{ 0 },
};

static int print_event(void *context, const struct cgroup_usage *usage, struct err *err)
{
	const char *id = context;
	AUTO(struct buf, buf_done) out = { 0 };
	buf_add_char(&out, '{');
	json_add_str(&out, "type", usage != NULL ? "stats" : "oom");
	json_add_str(&out, "id", id);
	if (usage != NULL) {
		json_add_key(&out, "data");
		oci_usage_json(usage, &out);
	}
	buf_add_str(&out, "}\n");
	return output_write(&out, err);
}

static int events_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		      struct err *err)
{
	const struct events_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	struct bundle_events_options options = {
		.once = input->once,
		.tell = print_event,
		.context = operands->items[0],
	};
	const char *interval = input->interval != NULL ? input->interval : INTERVAL_DEFAULT;
	if (duration_parse(interval, &options.interval_ns, err) < 0)
		return -1;
	if (options.interval_ns == 0)
		return err_set(err, ERR_INVALID, "duration interval must be greater than 0");
	return bundle_events(&home, operands->items[0], &options, err);
}

const struct oci_verb oci_events = {
	.name = "events",
	.operands = "CONTAINER-ID",
	.summary = "Print what a container uses, and when its memory ran out",
	.details =
		"A JSON document in each line: {\"type\": \"stats\", \"id\": ..., \"data\": ...} "
		"at intervals, and {\"type\": \"oom\", \"id\": ...} when the kernel ended a "
		"process for want of memory. It ends with the container. Members of data are "
		"those of runc: cpu, cpuset, memory, pids, blkio, hugetlb; times are in "
		"nanoseconds.",
	.options = { { events_rows } },
	.input_size = sizeof(struct events_input),
	.done = events_done,
	.operands_len = 1,
	.run = events_run,
};
