/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/mem.h"
#include "runtime/seal.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define UNPACK_NAME "onggi-unpack"

/* In a build tree the workers lie beside us; installed, in PREFIX/libexec/onggi. */
static char *find_libexec(struct err *err)
{
	char self[PATH_MAX];
	const char *told = getenv(SEAL_LIBEXEC_ENV);
	if (told != NULL && told[0] == '/')
		return mem_strdup(told);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0) {
		err_sys(err, "find our own program (/proc/self/exe)");
		return NULL;
	}
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash == NULL)
		return mem_strdup(".");
	*slash = '\0';
	AUTO_FREE char *beside = mem_printf("%s/%s", self, UNPACK_NAME);
	if (access(beside, F_OK) == 0)
		return mem_strdup(self);
	return mem_printf("%s/../libexec/onggi", self);
}

int engine_open(const char *root_path, const char *run_path, struct engine *out, struct err *err)
{
	struct engine engine = { 0 };
	engine.libexec_path = find_libexec(err);
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
	engine.libexec_path = find_libexec(err);
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
