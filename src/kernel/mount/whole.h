/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A new mount by mount(2): for options that fsconfig(2) does not take. */
#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

struct mount_whole {
	const char *fstype, *source;
	const struct strv *data;
	uint64_t attrs;         /* MOUNT_ATTR_* */
	unsigned long sb_flags; /* MS_* of the super block */
};

/**
 * As mount_new, all options at once.
 * @return owned fd of a detached mount, or -1; ERR_UNSUPPORTED for more than a page of options
 */
int mount_new_whole(const struct mount_whole *what, struct err *err);
