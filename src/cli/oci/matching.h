/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* crun's --regex: one command for every container whose id matches. */
#include "runtime/bundle/verbs.h"

typedef int oci_each(const struct bundle_home *home, const char *id, void *context,
		     struct err *err);

/**
 * Call `each` for one id, or for all that match an extended regular expression. All are tried;
 * the first error is told in the end, others are warnings.
 * @return 0; -1 ERR_INVALID (no regular expression), or what `each` said
 * Source: regex(7)
 */
int oci_for_each(const struct bundle_home *home, const char *pattern, bool is_regex, oci_each *each,
		 void *context, struct err *err);
