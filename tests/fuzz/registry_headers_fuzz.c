/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as the value of each header that a registry may send, and as an address. */
#include "base/mem.h"
#include "registry/challenge.h"
#include "registry/header.h"
#include "registry/origin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = mem_strndup((const char *)data, size);
	AUTO(struct challenge, challenge_done) challenge = { 0 };
	AUTO_FREE char *link = header_next_link(text);
	char type[HEADER_MEDIA_TYPE_SIZE];
	uint64_t first, last, total;
	struct origin origin;
	struct err err = { 0 };
	if (challenge_read(text, &challenge, &err) < 0 && err.kind == ERR_NONE)
		abort(); /* a failure without a word */
	if (challenge.realm != NULL && !challenge.has_bearer)
		abort();
	if (link != NULL && strstr(text, link) == NULL)
		abort();
	header_media_type(text, type);
	if (header_content_range(text, &first, &last, &total) && (first > last || last >= total))
		abort();
	/* What passes has a host and a port, and is equal to itself. */
	if (origin_of(text, &origin, NULL) == 0 &&
	    (origin.host[0] == '\0' || origin.port == 0 || strpbrk(origin.host, "@/\\ ") != NULL ||
	     !origin_equal(&origin, &origin)))
		abort();
	return 0;
}
