/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing a tar archive that is the same bytes each time: nothing of the machine it was made on is
 * in it, no names of users, and the short forms have owner 0:0 and one time stamp for all. The
 * caller gives the order. Source: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Interchange
 * Format"
 */
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define TAR_BUFFER_BYTES 65536

struct tar_writer {
	int fd; /* borrowed; a file or a pipe */
	uint64_t mtime_s;
	size_t len;           /* bytes waiting in `buffer` */
	uint64_t total_bytes; /* of the archive so far */
	uint64_t file_end;    /* what that will be when the file begun is complete */
	char buffer[TAR_BUFFER_BYTES];
};

/** Start an archive whose entries all have this time. */
void tar_init(struct tar_writer *tar, int fd, uint64_t mtime_s);

/** One entry with everything that tar can say of it. */
struct tar_member {
	char type;          /* '0' file, '1' hard link, '2' symlink, '3' character device, '4' block
			       device, '5' directory, '6' fifo */
	const char *path;   /* relative, without a trailing slash */
	const char *target; /* of links; NULL otherwise */
	mode_t mode;        /* the low 12 bits are written */
	uint32_t uid, gid, major, minor;
	struct timespec mtime;
	uint64_t size;         /* of a file */
	const struct buf *pax; /* records from tar_add_xattr, or NULL */
};

/** Its headers. After a file's come tar_add_data and tar_end_file, as after tar_begin_file. */
int tar_add_member(struct tar_writer *tar, const struct tar_member *member, struct err *err);

/** Add an extended attribute to a member's records. Source: star(1), SCHILY.xattr */
void tar_add_xattr(struct buf *pax, const char *name, const void *value, size_t len);

/** One entry. Paths are relative, without a leading or trailing slash. Modes: the low 12 bits are
 *  written. */
int tar_add_directory(struct tar_writer *tar, const char *path, mode_t mode, struct err *err);
int tar_add_symlink(struct tar_writer *tar, const char *path, const char *target, struct err *err);
int tar_add_bytes(struct tar_writer *tar, const char *path, mode_t mode, const void *data,
		  size_t len, struct err *err);

/** Content and size from `source_fd` (a regular file, read from its offset). A file that becomes
 *  shorter meanwhile is an error; what is appended to it meanwhile is not read. */
int tar_add_file(struct tar_writer *tar, const char *path, mode_t mode, int source_fd,
		 struct err *err);

/**
 * The same from anywhere: begin, exactly `size` bytes by tar_add_data in any pieces, end.
 * tar_end_file fails (ERR_INVALID) when there were fewer or more.
 */
int tar_begin_file(struct tar_writer *tar, const char *path, mode_t mode, uint64_t size,
		   struct err *err);
int tar_add_data(struct tar_writer *tar, const void *data, size_t len, struct err *err);
int tar_end_file(struct tar_writer *tar, struct err *err);

/** Write the end mark and everything that waits. Does not close. */
int tar_finish(struct tar_writer *tar, struct err *err);
