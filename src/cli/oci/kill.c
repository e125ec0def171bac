/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime kill: a signal to a container. */
#include "cli/oci/matching.h"
#include "cli/oci/oci.h"
#include "sys/signal_name.h"

struct kill_input {
	bool all, is_regex;
	int number;
};

static const struct option_row kill_rows[] = {
	{ "all", 'a', OPTION_FLAG, NULL, NULL, NULL,
	  "To all processes of the container, also when the first has ended",
	  offsetof(struct kill_input, all) },
	{ "regex", 'r', OPTION_FLAG, NULL, NULL, NULL,
	  "To every container whose id matches an extended regular expression",
	  offsetof(struct kill_input, is_regex) },
	{ 0 },
};

static int kill_one(const struct bundle_home *home, const char *id, void *context, struct err *err)
{
	const struct kill_input *input = context;
	return bundle_kill(home, id, input->number, input->all, err);
}

static int kill_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		    struct err *err)
{
	struct kill_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	const char *name = operands->len > 1 ? operands->items[1] : "TERM";
	input->number = signal_by_name(name);
	if (input->number < 0)
		return err_set(err, ERR_INVALID, "unknown signal \"%s\"", name);
	return oci_for_each(&home, operands->items[0], input->is_regex, kill_one, input, err);
}

const struct oci_verb oci_kill = {
	.name = "kill",
	.operands = "CONTAINER-ID [SIGNAL]",
	.summary = "Send a signal to a container (SIGTERM)",
	.details = "To its first process; SIGKILL to every process where the container has no "
		   "pid namespace of its own. The signal is a name, with or without SIG, or a "
		   "number.",
	.options = { { kill_rows } },
	.input_size = sizeof(struct kill_input),
	.operands_len = 1,
	.operands_max = 2,
	.run = kill_run,
};
