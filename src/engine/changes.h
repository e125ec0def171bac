/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a container has changed, and all that it sees: the trees behind diff, export and commit. */
#include "base/err.h"
#include "base/strv.h"

struct engine;

enum change_kind { CHANGE_MODIFIED, CHANGE_ADDED, CHANGE_DELETED };

struct change {
	enum change_kind kind;
	char *path; /* absolute, in the container; owned */
};

struct change_list {
	struct change *items;
	size_t len, capacity;
};
void change_list_done(struct change_list *list);

/**
 * diff: what differs from the image, sorted by path. A directory in which something changed is
 * itself modified, as with Docker. What is mounted into the container is not its change.
 * @return 0, or -1: ERR_NOT_FOUND; ERR_UNSUPPORTED for a container on a plain directory
 */
int engine_diff(struct engine *engine, const char *reference, struct change_list *out,
		struct err *err);

/**
 * export: a container's root file system, without what is mounted into it, as a tar archive. It may
 * run meanwhile: each file is as it was at some moment.
 * @return 0, or -1: ERR_NOT_FOUND; ERR_CONFLICT when it is removed meanwhile
 */
int engine_export(struct engine *engine, const char *reference, int out_fd, struct err *err);

struct commit_options {
	const char *container;        /* name or id */
	const char *name;             /* of the image; NULL: none */
	const char *author, *message; /* NULL: none */
	bool pauses;                  /* nothing of it runs while it is read */
	const struct strv *changes;   /* instructions, as `import --change` has them; NULL: none */
};

/**
 * commit: an image of what a container is: its image's layers, one more with what it changed, and
 * its configuration as it was run. A container that changed nothing makes an image with the same
 * layers.
 * @return 0, or -1: ERR_NOT_FOUND; ERR_UNSUPPORTED for a container on a plain directory
 */
int engine_commit(struct engine *engine, const struct commit_options *options, char out_id[65],
		  struct err *err);

/* --- shared by the three, and by image mount --- */

struct container;
struct image;

/** An image's layers, read-only, as a detached mount. Owned. */
int changes_open_layers(const struct engine *engine, const struct image *image, struct err *err);

/** The container's writable directory, or -1 with ERR_UNSUPPORTED when it has none. Owned. */
int changes_open(const struct engine *engine, const struct container *container, struct err *err);

/** All that it sees of its image and of its own, read-only, as a detached mount. Owned. */
int changes_open_view(const struct engine *engine, const struct container *container,
		      struct err *err);

/** Only what its image has. Owned. */
int changes_open_image(const struct engine *engine, const struct container *container,
		       struct err *err);
