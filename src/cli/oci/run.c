/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime run: a bundle, to its exit status or left alone. */
#include "cli/oci/create_options.h"

static const struct option_row run_rows[] = {
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, NULL, "Leave when the program has begun",
	  offsetof(struct oci_create_input, detach) },
	{ "keep", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Keep the container's record when it has ended, for state and delete",
	  offsetof(struct oci_create_input, keep) },
	{ 0 },
};

static int run_verb(const struct oci_globals *globals, void *input, const struct strv *operands,
		    struct err *err)
{
	struct bundle_home home = oci_home(globals);
	struct bundle_create_options options;
	int exit_code = OCI_FAILED;
	if (oci_create_options(input, operands->items[0], &options, err) < 0 ||
	    bundle_run(&home, &options, &exit_code, err) < 0)
		return -1;
	return exit_code;
}

const struct oci_verb oci_run = {
	.name = "run",
	.operands = "CONTAINER-ID",
	.summary = "Create and start a container",
	.details =
		"In the foreground its output, its terminal and the caller's signals are passed on "
		"until it ends, and it ends with the runtime; nothing is left then. With --detach "
		"it is left alone, as after create and start. Its id may be used by one container "
		"at a time; its control group is linux.cgroupsPath, or one named like it. What a "
		"killed runtime left is removed by the next command that makes a container.\n\n"
		"Without process.capabilities the payload has none. The devices every container "
		"has (null, zero, full, random, urandom, tty) are made and may be used after the "
		"rules of linux.resources.devices. A working directory that is missing is made.\n\n"
		"Hooks are run at all six points. One that fails before or right after the payload "
		"has started stops the container and is an error; poststop is run in any case, and "
		"a failure there is a warning.",
	.options = { { oci_create_rows, run_rows } },
	.input_size = sizeof(struct oci_create_input),
	.done = oci_create_input_done,
	.operands_len = 1,
	.run = run_verb,
};
