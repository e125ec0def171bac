/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SHA-256. The low-level OpenSSL functions are used on purpose: linked statically they add
 * a few KB of assembler (SHA-NI included) and no start-up work, while EVP loads providers,
 * which costs the starting binary more than a millisecond.
 */
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_HEX_LEN  64 /* hex digits, no prefix, no NUL */
#define DIGEST_HEX_SIZE (DIGEST_HEX_LEN + 1)

struct digest {
	SHA256_CTX sha256;
};

/** Start, and add the next bytes: any number of times, then digest_hex(). */
void digest_init(struct digest *digest);
void digest_add(struct digest *digest, const void *data, size_t len);

/** Finish and write 64 lower-case hex digits and a NUL. */
void digest_hex(struct digest *digest, char out[DIGEST_HEX_SIZE]);

/** One-shot form. */
void digest_of(const void *data, size_t len, char out[DIGEST_HEX_SIZE]);

/**
 * Check "sha256:" + 64 lower-case hex digits, the only grammar accepted here.
 * @return the hex part, borrowed from `text`, or NULL
 * Source: OCI image-spec descriptor.md, "Digests"
 */
const char *digest_parse(const char *text);
