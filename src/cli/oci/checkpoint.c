/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime checkpoint, restore: known by name, so that nobody takes silence for success. */
#include "cli/oci/oci.h"

#include <limits.h>

static int refuse(const struct oci_globals *globals UNUSED, void *input UNUSED,
		  const struct strv *operands UNUSED, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
		       "checkpoint and restore are not supported: they need CRIU, which "
		       "onggi-runtime does not speak to");
}

static const struct option_row rows[] = {
	{ "image-path", 0, OPTION_REFUSED },
	{ "work-path", 0, OPTION_REFUSED },
	{ "bundle", 'b', OPTION_REFUSED },
	{ "leave-running", 0, OPTION_REFUSED },
	{ 0 },
};

const struct oci_verb oci_checkpoint = {
	.name = "checkpoint",
	.operands = "CONTAINER-ID",
	.summary = "Not supported: save a running container to disk",
	.details = "It needs CRIU, and is refused.",
	.options = { { rows } },
	.input_size = 1,
	.operands_len = 1,
	.operands_max = UINT_MAX,
	.run = refuse,
};

const struct oci_verb oci_restore = {
	.name = "restore",
	.operands = "CONTAINER-ID",
	.summary = "Not supported: restore a container from disk",
	.details = "It needs CRIU, and is refused.",
	.options = { { rows } },
	.input_size = 1,
	.operands_len = 1,
	.operands_max = UINT_MAX,
	.run = refuse,
};
