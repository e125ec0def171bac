/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** CLOCK_MONOTONIC in nanoseconds. */
uint64_t clock_monotonic_ns(void);

/** CLOCK_REALTIME in nanoseconds since 1970. */
uint64_t clock_realtime_ns(void);

#define CLOCK_RFC3339_SIZE sizeof("2026-01-02T03:04:05.123456789Z")

/** Format as RFC 3339 in UTC with nanoseconds, as Docker's JSON has it. */
void clock_format_rfc3339(uint64_t realtime_ns, char out[CLOCK_RFC3339_SIZE]);

/**
 * Read an RFC 3339 time, any zone, any fraction. Times before 1970 are 0.
 * @return 0, or -1 when it is none (`out` untouched)
 */
int clock_parse_rfc3339(const char *text, uint64_t *out_realtime_ns);
