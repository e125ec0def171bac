/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Certificates for one registry, in directories named after it, as docker and the containers tools
 * have them: *.crt are authorities to trust besides the system's, X.cert with X.key is who we are.
 * Source: docs/registry-settings.md
 */
#include "base/err.h"

#define CERTS_BYTES_MAX (1u << 20) /* of all authorities together; of each other file */
#define CERTS_FILES_MAX 64         /* in one directory */

struct certs {
	char *ca_pem;   /* of all directories; NULL: none */
	char *cert_pem; /* the first by name in the first directory that has one; NULL: none */
	char *key_pem;
};
/** Wipe the key and free everything. */
void certs_done(struct certs *certs);

/**
 * Read what there is for a registry.
 * @host  "HOST[:PORT]", checked by whoever parsed it
 * @return 0 (nothing found is no error); -1 ERR_INVALID (a certificate without its key, too much),
 *         ERR_SYSTEM
 */
int certs_find(const char *host, struct certs *out, struct err *err);
