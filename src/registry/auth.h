/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Credentials and tokens: who gets which. docs/registries.md has the rules. */
#include "registry/net.h"

/** Give a transfer what its endpoint is known to want; nothing, when nothing is known. */
void auth_prepare(struct transfer *transfer);

/**
 * Answer a 401: find out a token, or that there is none for us. The transfer may start again then.
 * @return 0; -1 ERR_DENIED (no credentials, wrong ones, or they would go to a stranger)
 */
int auth_answer(struct transfer *transfer, struct err *err);

/** free() a secret, after wiping it. NULL-safe. */
void auth_wipe(char *secret);
