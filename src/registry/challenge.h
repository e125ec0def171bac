/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a server says it wants to know: the value of a WWW-Authenticate header. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct challenge {
	bool has_basic, has_bearer;
	char *realm, *service, *error; /* of the bearer challenge; owned; NULL: absent */
};
void challenge_done(struct challenge *challenge);

/**
 * Take in one header value, which may hold several challenges; unknown schemes are passed over.
 * May be called once for each header line: the first bearer challenge counts.
 * @return 0; -1 ERR_INVALID for what is none (a quote that does not end, a parameter twice)
 * Source: RFC 9110 section 11.6.1; RFC 6750 section 3
 */
int challenge_read(const char *value, struct challenge *into, struct err *err);
