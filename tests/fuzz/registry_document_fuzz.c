/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as a manifest or index; the first line says of which type they come. */
#include "base/mem.h"
#include "registry/document.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_descriptor(const struct document_descriptor *descriptor)
{
	if (strspn(descriptor->digest, "0123456789abcdef") != DIGEST_HEX_LEN ||
	    descriptor->size > FETCH_BLOB_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = mem_strndup((const char *)data, size);
	size_t line = strcspn(text, "\n");
	struct platform wanted;
	struct err err = { 0 };
	if (text[line] != '\n')
		return 0;
	text[line] = '\0';
	struct document *document = mem_alloc(1, sizeof(*document));
	platform_set(&wanted, "linux", "arm", "v7");
	if (document_read(text + line + 1, strlen(text + line + 1), text, &wanted, document, &err) <
	    0) {
		if (err.kind == ERR_NONE)
			abort(); /* a failure without a word */
	} else if (document->kind == DOCUMENT_INDEX) {
		check_descriptor(&document->chosen);
	} else {
		check_descriptor(&document->config);
		for (size_t i = 0; i < document->layers_len; i++)
			check_descriptor(&document->layers[i]);
	}
	free(document);
	return 0;
}
