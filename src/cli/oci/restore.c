/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime restore: a container from disk. */
#include "cli/oci/criu_options.h"

#include <stdlib.h>

struct restore_input {
	struct oci_criu_input criu; /* first */
	char *bundle, *console_socket, *pid_file, *lsm_profile, *lsm_mount_context;
	bool detach, no_pivot, no_subreaper;
};

static void input_done(void *pointer)
{
	struct restore_input *input = pointer;
	oci_criu_input_done(&input->criu);
	free(input->bundle);
	free(input->console_socket);
	free(input->pid_file);
	free(input->lsm_profile);
	free(input->lsm_mount_context);
}

static const struct option_row restore_rows[] = {
	{ "bundle", 'b', OPTION_STRING, "dir", NULL, NULL,
	  "Directory of the bundle (the current one)", offsetof(struct restore_input, bundle),
	  .complete = COMPLETE_DIRECTORIES },
	{ "console-socket", 0, OPTION_STRING, "socket", NULL, NULL,
	  "Send the master side of the container's terminal to whoever listens at this socket",
	  offsetof(struct restore_input, console_socket), .complete = COMPLETE_FILES },
	{ "detach", 'd', OPTION_FLAG, NULL, NULL, NULL, "Leave when it runs",
	  offsetof(struct restore_input, detach) },
	{ "lsm-mount-context", 0, OPTION_STRING, "context", NULL, NULL,
	  "Mount file systems with this SELinux context instead of the saved one",
	  offsetof(struct restore_input, lsm_mount_context) },
	{ "lsm-profile", 0, OPTION_STRING, "type:name", NULL, NULL,
	  "Give the processes this label instead of the saved one: apparmor:NAME, selinux:LABEL",
	  offsetof(struct restore_input, lsm_profile) },
	{ "no-pivot", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "The root is entered by chroot, for hosts whose root is a ramdisk",
	  offsetof(struct restore_input, no_pivot) },
	{ "no-subreaper", 0, OPTION_FLAG, NULL, NULL, NULL, "Accepted: there is no subreaper",
	  offsetof(struct restore_input, no_subreaper), .is_hidden = true },
	{ "pid-file", 0, OPTION_STRING, "file", NULL, NULL,
	  "Write the process id of the container's first process to a file",
	  offsetof(struct restore_input, pid_file), .complete = COMPLETE_FILES },
	{ 0 },
};

static int restore_run(const struct oci_globals *globals, void *pointer,
		       const struct strv *operands, struct err *err)
{
	const struct restore_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	struct checkpoint_options restore;
	int exit_code = OCI_FAILED;
	if (oci_criu_options(globals, &input->criu, &restore, err) < 0)
		return -1;
	restore.lsm_profile = input->lsm_profile;
	restore.lsm_mount_context = input->lsm_mount_context;
	const struct bundle_create_options options = {
		.id = operands->items[0],
		.bundle_path = input->bundle != NULL ? input->bundle : ".",
		.pid_file = input->pid_file,
		.console_socket = input->console_socket,
		.no_pivot = input->no_pivot,
		.detach = input->detach,
		.restore = &restore,
	};
	if (bundle_run(&home, &options, &exit_code, err) < 0)
		return -1;
	return exit_code;
}

const struct oci_verb oci_restore = {
	.name = "restore",
	.operands = "CONTAINER-ID",
	.summary = "Restore a container from disk",
	.details =
		"The processes go on where checkpoint has saved them, in a container of the same "
		"id "
		"or another: the bundle says where its files and the sources of its mounts are "
		"now, "
		"and which control group and limits it has. As with run, the command stays beside "
		"it until it ends, unless told to --detach.\n\n"
		"Of the hooks prestart and createRuntime are run, when its namespaces are there, "
		"and poststop when it is deleted. Its clocks go on, in a time namespace. After a "
		"failure nothing is left.",
	.options = { { oci_criu_rows, restore_rows } },
	.input_size = sizeof(struct restore_input),
	.done = input_done,
	.operands_len = 1,
	.run = restore_run,
};
