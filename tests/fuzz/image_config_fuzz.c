/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as an image's configuration. What is read can be written and read again. */
#include "oci/image_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_config first = { 0 }, second = { 0 };
	struct err err = { 0 };
	if (image_config_parse((const char *)data, size, &first, &err) < 0) {
		if (err.kind == ERR_NONE)
			abort(); /* a failure without a word */
		return 0;
	}
	char *text = image_config_format(&first);
	if (image_config_parse(text, strlen(text), &second, &err) < 0)
		abort();
	char *again = image_config_format(&second);
	if (strcmp(text, again) != 0)
		abort();
	free(text);
	free(again);
	image_config_done(&first);
	image_config_done(&second);
	return 0;
}
