/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small files: read whole, replaced whole. */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Read a small file completely (regular file expected, O_NOFOLLOW). ERR_NOT_FOUND if absent. */
int file_read(int dir_fd, const char *name, size_t max_bytes, struct buf *out, struct err *err);

/** Write a kernel control file (cgroup, proc, sys) with one write(2). Never creates. */
int file_write_control(int dir_fd, const char *name, const char *value, struct err *err);

enum file_durability {
	FILE_VOLATILE, /* create or replace by rename; not synced: for tmpfs and throw-away state */
	FILE_DURABLE,  /* data fsync, rename, directory fsync: survives a power cut whole */
};

/** Create or replace `name` in `dir_fd` atomically. Readers see the old or the new bytes. */
int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode,
		 enum file_durability durability, struct err *err);

/** mkdir if missing, then open O_PATH-free (O_RDONLY | O_DIRECTORY). @return owned fd or -1 */
int file_open_dir(int dir_fd, const char *name, mode_t mode, struct err *err);
