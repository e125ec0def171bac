/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oci/create_options.h"

#include <stdlib.h>

#define PRESERVE_FDS_MAX 65536

void oci_create_input_done(void *pointer)
{
	struct oci_create_input *input = pointer;
	free(input->bundle);
	free(input->config);
	free(input->pid_file);
	free(input->console_socket);
	free(input->pidfd_socket);
}

const struct option_row oci_create_rows[] = {
	{ "bundle", 'b', OPTION_STRING, "dir", NULL, NULL,
	  "Directory of the bundle (the current one)", offsetof(struct oci_create_input, bundle),
	  .complete = COMPLETE_DIRECTORIES },
	{ "config", 'f', OPTION_STRING, "file", NULL, NULL,
	  "Name of the configuration in the bundle (config.json)",
	  offsetof(struct oci_create_input, config), .complete = COMPLETE_FILES },
	{ "console-socket", 0, OPTION_STRING, "socket", NULL, NULL,
	  "Send the master side of the container's terminal to whoever listens at this socket",
	  offsetof(struct oci_create_input, console_socket), .complete = COMPLETE_FILES },
	{ "no-new-keyring", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Stay in the caller's session keyring",
	  offsetof(struct oci_create_input, no_new_keyring) },
	{ "no-pivot", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Enter the root with chroot instead of pivot_root, for hosts whose root is a ramdisk",
	  offsetof(struct oci_create_input, no_pivot) },
	{ "no-subreaper", 0, OPTION_FLAG, NULL, NULL, NULL, "Accepted: there is no subreaper",
	  offsetof(struct oci_create_input, no_subreaper), .is_hidden = true },
	{ "pid-file", 0, OPTION_STRING, "file", NULL, NULL,
	  "Write the process id of the container's first process to a file",
	  offsetof(struct oci_create_input, pid_file), .complete = COMPLETE_FILES },
	{ "pidfd-socket", 0, OPTION_STRING, "socket", NULL, NULL,
	  "Send a pidfd of the container's first process to whoever listens at this socket",
	  offsetof(struct oci_create_input, pidfd_socket), .complete = COMPLETE_FILES },
	{ "preserve-fds", 0, OPTION_INT, "n", NULL, NULL,
	  "Pass on n descriptors after the standard ones and those of socket activation",
	  offsetof(struct oci_create_input, preserve_fds) },
	{ 0 },
};

int oci_create_options(const struct oci_create_input *input, const char *id,
		       struct bundle_create_options *out, struct err *err)
{
	if (input->preserve_fds < 0 || input->preserve_fds > PRESERVE_FDS_MAX)
		return err_set(err, ERR_INVALID, "--preserve-fds %d: 0 to %d expected",
			       input->preserve_fds, PRESERVE_FDS_MAX);
	*out = (struct bundle_create_options){
		.id = id,
		.bundle_path = input->bundle != NULL ? input->bundle : ".",
		.config_name = input->config,
		.pid_file = input->pid_file,
		.console_socket = input->console_socket,
		.pidfd_socket = input->pidfd_socket,
		.preserve_fds = (unsigned)input->preserve_fds,
		.no_pivot = input->no_pivot,
		.no_new_keyring = input->no_new_keyring,
		.detach = input->detach,
		.keep = input->keep,
	};
	return 0;
}
