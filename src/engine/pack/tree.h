/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of an image that is being packed: paths in the image, each with the host file behind
 * it and the reason it is there. Symlinks of the host stay symlinks, those of whole directories
 * (/lib -> usr/lib) included.
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PACK_ENTRIES_MAX 262144

struct pack_entry {
	char *path;      /* absolute, no symlink on the way to it */
	char *host_path; /* regular files: read when the archive is written */
	char *target;    /* symlinks */
	char *bytes;     /* generated files; then host_path is NULL */
	size_t bytes_len;
	mode_t mode; /* with the type bits */
	uint64_t size_bytes;
	const char *kind; /* see struct pack_reason; NULL: a directory on the way */
	char *needed_by;
	struct strv also_needed_by;
};

struct pack_tree {
	void *index;                 /* tsearch(3) by path */
	struct pack_entry **entries; /* owned, in the order they came */
	size_t len, capacity;
};

void pack_tree_done(struct pack_tree *tree);

struct pack_why {
	const char *kind;      /* static storage; NULL: a reason for symlinks on the way only */
	const char *needed_by; /* copied */
};

/**
 * Add the host's file or directory at `path` (absolute) under the same path, with every directory
 * and symlink on the way. A directory comes without its content. What is there already gets one
 * more reason.
 *
 * @return the entry at the end of the symlinks (borrowed, valid as long as the tree), or NULL
 */
const struct pack_entry *pack_tree_add(struct pack_tree *tree, const char *path,
				       const struct pack_why *why, struct err *err);

/** Add a host file, or a directory with all below it. `container_path` NULL: the same path. */
int pack_tree_add_all(struct pack_tree *tree, const char *host_path, const char *container_path,
		      const struct pack_why *why, struct err *err);

/** Add a regular file with this content. */
int pack_tree_add_bytes(struct pack_tree *tree, const char *path, const void *data, size_t len,
			const struct pack_why *why, struct err *err);

/** @return the entry of a path without symlinks, or NULL */
struct pack_entry *pack_tree_find(const struct pack_tree *tree, const char *path);

/** @return the entry that a path leads to inside the image, through its symlinks, or NULL */
const struct pack_entry *pack_tree_resolve(const struct pack_tree *tree, const char *path);

/** Open a regular file of the host, without waiting for a FIFO or touching a device.
 *  @return owned fd, or -1 with errno */
int pack_open_regular(const char *path);

/** Write all of it as a tar archive to `fd`, sorted by path. */
int pack_tree_write(const struct pack_tree *tree, int fd, uint64_t mtime_s, struct err *err);
