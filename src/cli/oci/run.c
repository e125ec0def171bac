/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime run: a bundle in the foreground, to its exit status. */
#include "cli/oci/oci.h"
#include "engine/exec_diagnosis.h"
#include "runtime/bundle_run.h"

#include <stdlib.h>

struct run_input {
	char *bundle, *config, *pid_file;
	bool no_pivot, no_new_keyring, no_subreaper;
	int preserve_fds;
};

static void run_done(void *pointer)
{
	struct run_input *input = pointer;
	free(input->bundle);
	free(input->config);
	free(input->pid_file);
}

static const struct option_row run_rows[] = {
	{ "bundle", 'b', OPTION_STRING, "dir", NULL, NULL,
	  "Directory of the bundle (the current one)", offsetof(struct run_input, bundle),
	  .complete = COMPLETE_DIRECTORIES },
	{ "config", 'f', OPTION_STRING, "file", NULL, NULL,
	  "Name of the configuration in the bundle (config.json)",
	  offsetof(struct run_input, config), .complete = COMPLETE_FILES },
	{ "console-socket", 0, OPTION_REFUSED },
	{ "detach", 'd', OPTION_REFUSED },
	{ "keep", 0, OPTION_REFUSED },
	{ "no-new-keyring", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Stay in the caller's session keyring", offsetof(struct run_input, no_new_keyring) },
	{ "no-pivot", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Enter the root with chroot instead of pivot_root, for hosts whose root is a ramdisk",
	  offsetof(struct run_input, no_pivot) },
	{ "no-subreaper", 0, OPTION_FLAG, NULL, NULL, NULL, "Accepted: there is no subreaper",
	  offsetof(struct run_input, no_subreaper), .is_hidden = true },
	{ "pid-file", 0, OPTION_STRING, "file", NULL, NULL,
	  "Write the process id of the container's first process to a file",
	  offsetof(struct run_input, pid_file), .complete = COMPLETE_FILES },
	{ "preserve-fds", 0, OPTION_INT, "n", NULL, NULL,
	  "Pass on more descriptors than the standard ones: only 0 is supported",
	  offsetof(struct run_input, preserve_fds) },
	{ 0 },
};

static int run_verb(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		    struct err *err)
{
	const struct run_input *input = pointer;
	if (input->preserve_fds != 0)
		return err_set(err, ERR_UNSUPPORTED, "--preserve-fds %d is not yet supported",
			       input->preserve_fds);
	struct bundle_run_options options = {
		.id = operands->items[0],
		.bundle_path = input->bundle != NULL ? input->bundle : ".",
		.config_name = input->config,
		.state_path = globals->root_path != NULL ? globals->root_path : OCI_STATE_PATH,
		.pid_file = input->pid_file,
		.no_pivot = input->no_pivot,
		.no_new_keyring = input->no_new_keyring,
		.diagnose = exec_diagnose,
		.debug = globals->debug ? oci_log_debug : NULL,
	};
	int exit_code = OCI_FAILED;
	return bundle_run(&options, &exit_code, err) < 0 ? -1 : exit_code;
}

const struct oci_verb oci_run = {
	.name = "run",
	.operands = "CONTAINER-ID",
	.summary = "Create and run a container in the foreground",
	.details =
		"The container's output, its terminal and the caller's signals are passed on until "
		"it ends. Its id may be used by one container at a time; its control group is "
		"linux.cgroupsPath, or one named like it. Nothing is left when it has ended; what "
		"a "
		"killed runtime left is removed by the next run.\n\n"
		"Without process.capabilities the payload has none. The devices every container "
		"has "
		"(null, zero, full, random, urandom, tty) are made and may be used after the rules "
		"of linux.resources.devices. A working directory that is missing is made.\n\n"
		"Hooks are run at all six points. One that fails before or right after the payload "
		"has started stops the container and is an error; poststop is run in any case, and "
		"a failure there is a warning.",
	.options = { { run_rows } },
	.input_size = sizeof(struct run_input),
	.done = run_done,
	.operands_len = 1,
	.run = run_verb,
};
