/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The recipe of a layer: how to put its tar together again, byte for byte, from the files that were
 * unpacked from it. Headers, padding and everything else of the archive that did not become the
 * contents of a file is kept as it was; contents are pointed at. So an image can leave with the
 * same digests it came with, and no archive is stored beside its files.
 *
 * A recipe is a header (struct recipe_header, little endian) and one zstd frame of operations:
 *
 *	'R' u32 LEN, bytes                          these bytes
 *	'F' u32 LEN, path, u64 OFFSET, u64 LENGTH   LENGTH bytes of a file of the layer
 *	'S' u32 LEN, path, u64 LENGTH, bytes        what this file held until now: a later entry
 *	                                            replaced it, so what came before means these
 *	'E'                                         the end
 */
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define RECIPE_MAGIC "onggi 1"

struct recipe_header {
	char magic[8];
	uint64_t tar_bytes;   /* of what it makes */
	uint64_t supplements; /* 'S' operations */
};

struct recipe;

/** Begin one in an empty file. @fd borrowed @return owned */
struct recipe *recipe_new(int fd);
void recipe_free(struct recipe *recipe);

/** The next bytes of the archive. A source_tap; errors are told by recipe_finish. */
void recipe_add(void *recipe, const uint8_t *data, size_t len);

/** What is added from now on is in the file `path` (clean, below the layer's directory, no symlink
 *  on the way) from `offset` on, until recipe_end_file(). NULL recipe: nothing happens. */
void recipe_begin_file(struct recipe *recipe, const char *path, uint64_t offset);
void recipe_end_file(struct recipe *recipe);

/** The file `path` is about to be replaced or removed: keep what is in it. NULL recipe: nothing.
 *  @fd  open for reading, borrowed */
void recipe_keep(struct recipe *recipe, const char *path, int fd);

/** Write what is left, and the header. @return 0, or -1 with the first thing that went wrong */
int recipe_finish(struct recipe *recipe, struct err *err);

/**
 * Put the archive together.
 * @recipe_fd  from its start
 * @dir_fd     the layer's directory
 * @spool_fd   an empty file for what was replaced; needed only if the recipe has supplements
 * @out_fd     gets exactly header.tar_bytes bytes
 * @return 0, or -1: ERR_INVALID when recipe and files do not fit, ERR_SYSTEM
 */
int recipe_follow(int recipe_fd, int dir_fd, int spool_fd, int out_fd, struct err *err);

/** Read the header alone. @return 0, or -1 ERR_INVALID */
int recipe_read_header(int recipe_fd, struct recipe_header *out, struct err *err);
