/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lists like "0-3,7", by which the kernel names processors and memory nodes. */
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define BIT_LIST_WORDS 128 /* of 64 bits: CONFIG_NR_CPUS is at most 8192 */
#define BIT_LIST_BITS  (BIT_LIST_WORDS * 64)

/**
 * Parse a list into a bit mask, as sched_setaffinity(2) and set_mempolicy(2) take it on a machine
 * with 64-bit words.
 *
 * @out_mask  all words are written on success
 * @return the number of bits that are set, at least 1; -1 ERR_INVALID for an empty list or item, a
 *         range that runs backwards, or a number of BIT_LIST_BITS or more
 * Source: cpuset(7), "List format"
 */
int bit_list_parse(const char *text, uint64_t out_mask[BIT_LIST_WORDS], struct err *err);
