/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small files: read whole, replaced whole. */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Read a small file completely, appended to `out`. ERR_NOT_FOUND if absent; ERR_INVALID if it is
 * no regular file or larger than `max_bytes`; a symlink is ELOOP. Source: open(2) O_NOFOLLOW */
int file_read(int dir_fd, const char *name, size_t max_bytes, struct buf *out, struct err *err);

/** Write a kernel control file (cgroup, proc, sys) with one write(2). Never creates. `name` may
 *  have slashes. ERR_SYSTEM with the kernel's errno. Source: write(2) */
int file_write_control(int dir_fd, const char *name, const char *value, struct err *err);

/** The same to an open file: one write(2) of the whole `value`; `name` is for messages. */
int file_write_once(int fd, const char *name, const char *value, struct err *err);

enum file_durability {
	FILE_VOLATILE, /* create or replace by rename; not synced: for tmpfs and throw-away state */
	FILE_DURABLE,  /* data fsync, rename, directory fsync: survives a power cut whole */
};

/** Create or replace `name` (no slashes) in `dir_fd` atomically, with exactly `mode` whatever the
 *  umask is. Readers see the old or the new bytes. A crash may leave ".NAME.new-*" behind.
 *  Source: rename(2), fsync(2) */
int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		 enum file_durability durability, struct err *err);

/** Make the directory if missing (umask applies to `mode`), then open it O_RDONLY | O_DIRECTORY |
 *  O_NOFOLLOW. @return owned fd or -1. Source: mkdir(2) */
int file_open_dir(int dir_fd, const char *name, mode_t mode, struct err *err);
