/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/mem.h"
#include "runtime/libexec.h"

#include <string.h>

int engine_open(const char *root_path, const char *run_path, struct engine *out, struct err *err)
{
	struct engine engine = { 0 };
	engine.libexec_path = libexec_find(err);
	if (engine.libexec_path == NULL)
		return -1;
	if (store_open(root_path, run_path, &engine.store, err) < 0) {
		free(engine.libexec_path);
		return -1;
	}
	*out = engine;
	return 0;
}

int engine_open_bare(const char *root_path, const char *run_path, struct engine *out,
		     struct err *err)
{
	struct engine engine = { 0 };
	engine.libexec_path = libexec_find(err);
	if (engine.libexec_path == NULL)
		return -1;
	engine.store = (struct store){
		.root_path = mem_strdup(root_path),
		.run_path = mem_strdup(run_path),
		.root_fd = -1,
		.run_fd = -1,
		.layers_fd = -1,
		.containers_fd = -1,
		.run_containers_fd = -1,
	};
	*out = engine;
	return 0;
}

void engine_close(struct engine *engine)
{
	store_close(&engine->store);
	free(engine->libexec_path);
	memset(engine, 0, sizeof(*engine));
}

bool engine_is_embedded_image(const char *reference)
{
	static const char *const names[] = { "onggi/jar", "onggi/jar:latest", "docker.io/onggi/jar",
					     ENGINE_EMBEDDED_IMAGE };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(reference, names[i]) == 0)
			return true;
	return false;
}
