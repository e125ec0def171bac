/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as registries.json, and what it says of a few names. */
#include "engine/registries/settings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct settings *settings)
{
	static const char *const names[] = { "docker.io/library/debian", "r.lan:5000/a/b",
					     "10.1.2.3:5000/x", "[fd00::1]:5000/x" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char host[64] = { 0 };
		memcpy(host, names[i], strcspn(names[i], "/"));
		settings_blocked_by(settings, names[i]);
		settings_is_insecure(settings, host);
		const struct strv *mirrors = settings_mirrors_of(settings, names[i]);
		for (size_t j = 0; mirrors != NULL && j < mirrors->len; j++) {
			struct settings_location location;
			/* What was taken once is taken again. */
			if (settings_location_parse(mirrors->items[j], &location, NULL) < 0)
				abort();
			settings_location_done(&location);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = { .len = 1 };
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (settings_parse(text, size, "registries.json", &settings.files[0], &err) == 0) {
		ask(&settings);
		settings_done(&settings);
	} else if (err.kind == ERR_NONE) {
		abort();
	}
	free(text);
	return 0;
}
