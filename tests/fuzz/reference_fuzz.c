/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as the name of an image. Both of its forms mean the same again, and nothing
 * in them leads out of a directory or into a shell. */
#include "format/reference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const char *full)
{
	struct reference again;
	if (reference_parse(text, &again, NULL) < 0)
		abort();
	char *full_again = reference_format(&again);
	if (strcmp(full, full_again) != 0)
		abort();
	free(full_again);
	reference_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reference reference;
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (reference_parse(text, &reference, &err) == 0) {
		char *full = reference_format(&reference);
		char *familiar = reference_familiar(&reference);
		/* A tag may have two dots, and becomes no part of a path. */
		if (strstr(reference.path, "..") != NULL ||
		    strstr(reference.domain, "..") != NULL ||
		    strpbrk(full, " \t\r\n\"'\\$;&|<>") != NULL)
			abort();
		check(full, full);
		check(familiar, full);
		free(full);
		free(familiar);
		reference_done(&reference);
	} else if (err.kind == ERR_NONE) {
		abort();
	}
	free(text);
	return 0;
}
