/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime kill: a signal to a container. */
#include "cli/oci/oci.h"
#include "sys/signal_name.h"

struct kill_input {
	bool all;
};

static const struct option_row kill_rows[] = {
	{ "all", 'a', OPTION_FLAG, NULL, NULL, NULL,
	  "To all processes of the container, also when the first has ended",
	  offsetof(struct kill_input, all) },
	{ 0 },
};

static int kill_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		    struct err *err)
{
	const struct kill_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	const char *name = operands->len > 1 ? operands->items[1] : "TERM";
	int number = signal_by_name(name);
	if (number < 0)
		return err_set(err, ERR_INVALID, "unknown signal \"%s\"", name);
	return bundle_kill(&home, operands->items[0], number, input->all, err);
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
