/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One layer's tar into one directory, as overlayfs wants a layer: whiteouts as 0:0 devices, opaque
 * directories marked, everything else as it is. docs/unpack.md tells what each kind of entry does.
 */
#include "base/err.h"
#include "unpack/recipe.h"
#include "unpack/tar.h"

#include <stdint.h>

/**
 * What needs more rights than the worker has, or knowledge of other layers: asked of the engine.
 * Paths are clean and below the layer's directory; no component is a symlink.
 */
struct extract_host {
	void *arg;
	/** Make a device node with owner, mode and time. */
	int (*make_device)(void *arg, const char *path, const struct tar_entry *entry,
			   struct err *err);
	/** Mark a directory opaque ("" is never asked for). */
	int (*make_opaque)(void *arg, const char *path, struct err *err);
	/** What the layers below have at a path: as below_open(). May take long: asked as late as
	 *  can be. NULL: there are none. */
	int (*open_below)(void *arg, const char *path, int *out_fd, struct err *err);
};

struct extract_options {
	int root_fd; /* the layer's directory, borrowed; nobody else changes it */
	struct extract_host host;
	struct recipe *recipe; /* told where the data of the archive stays; NULL: nobody */
};

struct extract;

/** @return owned, never NULL; extract_free() it */
struct extract *extract_new(const struct extract_options *options);

/** NULL-safe. */
void extract_free(struct extract *extract);

/** Apply one entry; its data is read from `tar`. */
int extract_entry(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		  struct err *err);

struct extract_totals {
	uint64_t bytes;   /* of file data */
	uint64_t entries; /* applied */
};

/** Finish: root whiteouts, directory times. */
int extract_finish(struct extract *extract, struct extract_totals *out, struct err *err);
