/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Resource limits. Source: getrlimit(2); names as in OCI: "RLIMIT_NOFILE" */
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rlimit_entry {
	int resource; /* RLIMIT_* */
	uint64_t soft;
	uint64_t hard; /* UINT64_MAX: unlimited */
};

/** Number of "RLIMIT_NOFILE", "nofile" or "NOFILE", or -1. */
int rlimit_by_name(const char *name);

/** "RLIMIT_NOFILE"; NULL beyond the table. */
const char *rlimit_name(int resource);

/** Set limits on the caller. A hard limit that may not be raised is capped at the present one
 *  with one warning. */
int rlimit_apply(const struct rlimit_entry *entries, size_t len, struct err *err);
