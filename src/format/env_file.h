/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files of KEY=value lines: --env-file, --label-file. */
#include "base/err.h"
#include "base/strv.h"

#define ENV_FILE_MAX (1u << 20)

/** Looks up a key without a value. @return borrowed value, or NULL to leave the key out */
typedef const char *env_lookup(const char *key);

/**
 * Parse by Docker's rules: one KEY=value per line, the value taken as it stands, without quotes or
 * expansion; blank lines and lines beginning with # are skipped; blanks before a key are dropped,
 * blanks in or behind it are an error; a key alone is looked up, or stands for "KEY=" when `lookup`
 * is NULL. A byte order mark and a CR at the end of a line are dropped.
 *
 * @what  names the file in messages
 * @return 0, or -1 ERR_INVALID with the line's number. Appends to `out` only on success
 */
int env_file_parse(const char *text, size_t len, const char *what, env_lookup *lookup,
		   struct strv *out, struct err *err);
