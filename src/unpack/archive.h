/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The outer archive of an image (or a layout directory): named blobs and where they are. Layers
 * are not read here, only found.
 */
#include "base/buf.h"
#include "base/err.h"
#include "unpack/protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct archive;

/**
 * Index a tar at `fd`: in place when it is a plain regular file, else inflated or copied to
 * `spool_fd` first. `progress` is told the bytes read.
 */
struct archive *archive_open(int fd, int spool_fd, void (*progress)(uint64_t done_bytes),
			     struct err *err);

/** A layout directory. */
struct archive *archive_open_layout(int dir_fd);
void archive_free(struct archive *archive);

/** @return true if there is a file of this name */
bool archive_has(struct archive *archive, const char *name);

/** Read a small file whole. ERR_INVALID when it is missing or beyond `max_bytes`. */
int archive_read(struct archive *archive, const char *name, size_t max_bytes, struct buf *out,
		 struct err *err);

/** Where a file lies; links inside the archive are followed. Size in out->length. */
int archive_locate(struct archive *archive, const char *name, struct unpack_layer_ref *out,
		   struct err *err);
