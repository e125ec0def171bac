/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the machine's and the user's files about registries are, by the caller's environment. */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

/** Directories with Onggi's own settings: the machine's, then (not for root) the user's. With
 *  ONGGI_CONFIG_DIR that one alone. Appended. */
void place_settings(struct strv *out);

/** Directories with a directory of certificates for each registry: ours, docker's, containers'. */
void place_certs(struct strv *out);

/** Files of credentials, in the order in which they are asked; the last is where new logins go:
 *  docker's, if there is a home. `auth_file` (or REGISTRY_AUTH_FILE) is the only one where it is
 *  given. Appended. */
void place_credentials(const char *auth_file, struct strv *out);

/** Read a file of the user's, through symlinks, into `out` (empty; never grown while it is read, so
 *  that nobody holds a copy). @return 1; 0 it is not there; -1 */
int place_read(const char *path, size_t max_bytes, struct buf *out, struct err *err);
