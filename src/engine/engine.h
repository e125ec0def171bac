/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The engine: the whole list of verbs. Faces (CLI, later the API) decode, call one of these, and
 * encode. A verb lives in the file of its name; it never prints and keeps no state between calls.
 */
#include "base/err.h"
#include "engine/load.h"
#include "engine/pack.h"
#include "engine/run.h"
#include "store/container.h"
#include "store/image.h"
#include "store/store.h"

struct engine {
	struct store store;
	char *libexec_path; /* directory of the workers (onggi-unpack) */
};

/**
 * Open the store and find the workers (beside our own binary, or in the libexec directory of the
 * installation).
 */
int engine_open(const char *root_path, const char *run_path, struct engine *out, struct err *err);
void engine_close(struct engine *engine);

/** For callers other than root, who may not look into a store: an engine without one. It can
 *  explain, with the built-in image or a directory; nothing else may be asked of it. */
int engine_open_bare(const char *root_path, const char *run_path, struct engine *out,
		     struct err *err);

/** Is there a store behind it? */
static inline bool engine_has_store(const struct engine *engine)
{
	return engine->store.root_fd >= 0;
}

/** Is this one of the names of the image that is built in (ENGINE_EMBEDDED_IMAGE)? */
bool engine_is_embedded_image(const char *reference);

/** Clean up what killed processes left. Called by every verb that lists or changes containers;
 *  `run` does it while its container runs, so that a start never waits for it. */
int engine_recover(struct engine *engine, struct err *err);

/** rm: `force` kills a running one first. Anonymous leftovers go along. */
int engine_remove_container(struct engine *engine, const char *reference, bool force,
			    struct err *err);

/**
 * Docker-shaped JSON of a container or an image, as `docker inspect` prints one element.
 * @return owned text or NULL
 */
char *engine_inspect_container(struct engine *engine, const char *reference, struct err *err);
char *engine_inspect_image(struct engine *engine, const char *reference, struct err *err);
