/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Spans of time for people. */
#include <stdint.h>

#define AGO_SIZE 32

/** "Less than a second", "5 seconds", "About a minute", "2 hours", "3 weeks": Docker's steps. */
void ago_format(uint64_t span_ns, char out[AGO_SIZE]);
