/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/attr.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* see digest.h */

/* In a static program the library asks the processor for its features before main(), and in a
 * virtual machine each of those questions is answered by the host: a start of ours paid for seven.
 * So the linker (--wrap) gives us that call, and it is made when there is much to digest; without
 * it the plain assembler runs, which is right everywhere. */
#ifdef ONGGI_WRAPS_CPUID
#define MUCH_TO_DIGEST 16384

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming):
 * the names are the linker's */
void __real_OPENSSL_cpuid_setup(void);
void __wrap_OPENSSL_cpuid_setup(void);

void __wrap_OPENSSL_cpuid_setup(void)
{
}

static void prepare_for(size_t len)
{
	static atomic_bool is_prepared; /* another thread may digest, too: with either code */
	if (len >= MUCH_TO_DIGEST && !atomic_exchange(&is_prepared, true))
		__real_OPENSSL_cpuid_setup();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)
 */
#else
static void prepare_for(size_t len UNUSED)
{
}
#endif

void digest_init(struct digest *digest)
{
	SHA256_Init(&digest->sha256);
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	prepare_for(len);
	SHA256_Update(&digest->sha256, data, len);
}

void digest_hex(struct digest *digest, char out[DIGEST_HEX_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[SHA256_DIGEST_LENGTH];
	SHA256_Final(raw, &digest->sha256);
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = hex[raw[i] >> 4];
		out[2 * i + 1] = hex[raw[i] & 15];
	}
	out[DIGEST_HEX_LEN] = '\0';
}

void digest_of(const void *data, size_t len, char out[DIGEST_HEX_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, data, len);
	digest_hex(&digest, out);
}

const char *digest_parse(const char *text)
{
	static const char prefix[] = "sha256:";
	if (text == NULL || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return NULL;
	const char *hex = text + sizeof(prefix) - 1;
	return strlen(hex) == DIGEST_HEX_LEN && hex[strspn(hex, "0123456789abcdef")] == '\0' ? hex
											     : NULL;
}
