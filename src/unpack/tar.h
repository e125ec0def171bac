/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading tar: v7, ustar, pax, GNU (long names, base-256 numbers, sparse files of all four
 * kinds). Names and values are bytes; nothing is converted.
 * Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual,
 * "Basic Tar Format" and "Storing Sparse Files"
 */
#include "base/buf.h"
#include "base/err.h"
#include "unpack/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum tar_type {
	TAR_FILE,
	TAR_HARDLINK,
	TAR_SYMLINK,
	TAR_CHAR,
	TAR_BLOCK,
	TAR_DIR,
	TAR_FIFO,
};

struct tar_xattr {
	const char *name; /* in the entry's memory */
	const char *value;
	size_t len;
};

struct tar_extent {
	uint64_t offset, length;
};

struct tar_entry {
	enum tar_type type;
	char *path;        /* as written, not empty, without NUL; owned like all below */
	char *link;        /* target of links, "" otherwise */
	mode_t mode;       /* permission bits and setuid, setgid, sticky */
	uint32_t uid, gid; /* 0 to 4294967294 */
	struct timespec mtime;
	uint32_t major, minor;
	uint64_t size;        /* of the file, holes included */
	uint64_t data_offset; /* of the data in the tar */
	struct tar_xattr *xattrs;
	size_t xattrs_len;
	bool is_sparse;
	struct tar_extent *extents; /* only when is_sparse; ascending, inside `size` */
	size_t extents_len;
};

struct tar;

/** @source borrowed @needs_end  an archive without the two zero blocks at its end is refused */
struct tar *tar_new(struct source *source, bool needs_end);
void tar_free(struct tar *tar);

/**
 * The next entry; data of the last one that was not read is skipped.
 * @return 1 with *out borrowed until the next call, 0 at the end, -1 (ERR_INVALID naming the
 *         entry or the byte offset)
 */
int tar_next(struct tar *tar, const struct tar_entry **out, struct err *err);

/**
 * Look at the next data bytes of the entry (of its extents, one after the other).
 * @return bytes, 0 when all data was taken, -1 when the archive ends too early
 */
ssize_t tar_peek(struct tar *tar, const uint8_t **out, struct err *err);
void tar_consume(struct tar *tar, size_t len);

/** A name for people: control bytes replaced, cut to a sensible length. */
struct tar_shown {
	char text[256];
};
struct tar_shown tar_show(const char *name);
