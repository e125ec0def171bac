/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What create and run have in common: their options, and where these go. */
#include "cli/oci/oci.h"

struct oci_create_input {
	char *bundle, *config, *pid_file, *console_socket, *pidfd_socket;
	bool no_pivot, no_new_keyring, no_subreaper;
	bool detach, keep; /* run */
	int preserve_fds;
};
void oci_create_input_done(void *input);

extern const struct option_row oci_create_rows[];

/** @return 0, or -1 ERR_INVALID */
int oci_create_options(const struct oci_create_input *input, const char *id,
		       struct bundle_create_options *out, struct err *err);
