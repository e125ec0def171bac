/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What checkpoint and restore have in common: their options, and where these go. */
#include "cli/oci/oci.h"
#include "runtime/checkpoint/options.h"

struct oci_criu_input {
	char *image_path, *work_path, *cgroups;
	struct strv empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
};
void oci_criu_input_done(struct oci_criu_input *input);

/** Offsets are those of a struct that begins with an oci_criu_input. */
extern const struct option_row oci_criu_rows[];

/** @return 0, or -1 ERR_INVALID */
int oci_criu_options(const struct oci_globals *globals, const struct oci_criu_input *input,
		     struct checkpoint_options *out, struct err *err);
