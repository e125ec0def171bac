/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From which NUMA nodes a process gets its memory. Source: set_mempolicy(2), linux/mempolicy.h */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct mempolicy {
	bool is_set;
	uint32_t mode;  /* MPOL_* */
	uint32_t flags; /* MPOL_F_* */
	char *nodes;    /* owned; a list, "0-3,7"; NULL: none */
};

/** Would the kernel ever take this combination of mode, flags and nodes? ERR_INVALID says why not.
 */
int mempolicy_check(const struct mempolicy *policy, struct err *err);

/**
 * Set it for the caller; it is kept across execve(2) and inherited by children. Nothing to do when
 * not set.
 * @return 0; -1 ERR_UNSUPPORTED without CONFIG_NUMA, ERR_SYSTEM with what the kernel says
 */
int mempolicy_apply(const struct mempolicy *policy, struct err *err);
