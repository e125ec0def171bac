/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Verbs that do one thing to each of their operands and carry on after a failure. */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

/** Do it to one operand, printing what there is to print. @return 0, or -1 with err */
typedef int several_fn(void *arg, const char *operand, struct err *err);

/**
 * Call `act` for each operand; errors are printed as they come.
 * @missing_is_fine  ERR_NOT_FOUND is printed and counts as success, as with Docker's --force
 * @return exit status: EXIT_FAILED when one failed
 */
int several_each(const struct strv *operands, bool missing_is_fine, several_fn *act, void *arg);
