/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as an annotation for systemd: "NAME=VALUE" after the prefix. Whatever they
 * are, only properties of a closed list come out, each in one piece.
 */
#include "runtime/scope/property.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct strv *list)
{
	for (size_t i = 0; i < list->len;) {
		if (list->len - i < PROPERTY_HEAD)
			abort();
		const char *name = list->items[i];
		if (strncmp(name, "Exec", 4) == 0 || strpbrk(name, "=\n ") != NULL)
			abort();
		i += PROPERTY_HEAD + strtoul(list->items[i + 3], NULL, 10);
		if (i > list->len)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strv annotations = { 0 }, list = { 0 };
	struct err err = { 0 };
	char *text = mem_strndup((const char *)data, size);
	char *line = mem_printf("org.systemd.property.%s", text);
	strv_add(&annotations, line);
	if (property_add_annotations(&list, &annotations, &err) == 0)
		check(&list);
	else if (err.kind == ERR_NONE)
		abort(); /* a failure without a word */
	strv_done(&list);
	strv_done(&annotations);
	free(line);
	free(text);
	return 0;
}
