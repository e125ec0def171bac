/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Spans of time as programs in Go write them. */
#include "base/err.h"

#include <stdint.h>

/**
 * Parse "5s", "1m30s", "1.5h", "250ms", "0": numbers with a unit of ns, us, ms, s, m or h.
 * @return 0; -1 ERR_INVALID, also for more than 292 years
 */
int duration_parse(const char *text, uint64_t *out_ns, struct err *err);
