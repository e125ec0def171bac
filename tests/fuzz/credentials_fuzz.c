/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as a file of credentials, read for every name in it, changed, and as the
 * answer of a program that keeps them.
 */
#include "engine/registries/auth_file.h"
#include "engine/registries/keeper.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct auth_file *file)
{
	struct strv names = { 0 };
	auth_file_names(file, &names);
	for (size_t i = 0; i < names.len; i++) {
		struct registry_credentials found = { 0 };
		struct err err = { 0 };
		const char *server;
		auth_file_keeper(file, names.items[i], true, &server);
		int got = auth_file_get(file, names.items[i], &found, &err);
		if (got < 0 && err.kind == ERR_NONE)
			abort(); /* a failure without a word */
		if (got == 0 && (found.username != NULL || found.identity_token != NULL))
			abort();
		if (got > 0 && found.secret != NULL)
			auth_file_set(file, names.items[i], &found);
		registry_credentials_done(&found);
	}
	for (size_t i = 0; i < names.len; i++) {
		auth_file_remove(file, names.items[i]);
		if (auth_file_has(file, names.items[i]))
			abort();
	}
	strv_done(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_file file;
	struct registry_credentials found = { 0 };
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (auth_file_parse(text, size, "auth.json", &file, &err) == 0) {
		read_all(&file);
		auth_file_done(&file);
	} else if (err.kind == ERR_NONE) {
		abort();
	}
	if (keeper_parse(text, size, &found, NULL) == 0)
		registry_credentials_done(&found);
	free(text);
	return 0;
}
