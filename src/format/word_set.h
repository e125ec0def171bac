/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sets of words: "chroot", "all,-seccomp", "mount,pid,uts". */
#include "base/err.h"

#include <stdint.h>

struct word_bit {
	const char *word; /* NULL ends a table */
	uint32_t bits;
};

/**
 * Parse a comma-separated list into bits. A word adds its bits, "-word" takes them away, "all" is
 * `all`, "none" is 0. A list that begins with "-" starts from `all`, any other from nothing.
 * @return 0, or -1 ERR_INVALID naming the unknown word, with the known ones as a hint
 */
int word_set_parse(const char *text, const struct word_bit *table, uint32_t all, uint32_t *out,
		   struct err *err);
