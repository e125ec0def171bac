/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Memory that holds a secret is wiped before it is freed, and a secret has bounds. */
#include "base/buf.h"
#include "base/err.h"
#include "registry/registry.h"

#define SECRET_USER_MAX 1024
#define SECRET_MAX      (32u << 10)

/** Wipe, then free. NULL-safe. */
void secret_free(char *text);

/** What AUTO_SECRET calls. */
static inline void secret_free_indirect(char **text)
{
	secret_free(*text);
}
#define AUTO_SECRET __attribute__((cleanup(secret_free_indirect)))

/** Wipe all that the buffer has room for, then buf_done(). Reserve its room before it is filled:
 *  growing leaves copies. */
void secret_buf_done(struct buf *buf);

/** Bounds, no control characters, no colon in a user name (RFC 7617).
 *  @return 0, or -1 ERR_INVALID, which quotes nothing */
int secret_check(const struct registry_credentials *credentials, struct err *err);

/** A copy of all three. */
struct registry_credentials secret_copy(const struct registry_credentials *credentials);
