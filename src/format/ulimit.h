/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The value of --ulimit. */
#include "base/err.h"

#include <stdint.h>

struct ulimit_flag {
	char name[16];       /* as given: "nofile"; not looked up here */
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

/** NAME=SOFT[:HARD]; -1 or "unlimited" means no limit; without HARD both are SOFT. */
int ulimit_parse(const char *text, struct ulimit_flag *out, struct err *err);
