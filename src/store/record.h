/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Records: one small file per object, JSON text and a last line with its digest, replaced whole.
 * A damaged record is noticed, set aside, and never blocks the others.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "store/store.h"
#include "sys/file.h"

#define RECORD_MAX (32u << 20)

/** Replace the record `name` in `dir_fd`. `json` grows by the checksum line. */
int record_write(int dir_fd, const char *name, struct buf *json, enum file_durability durability,
		 struct err *err);

/** As record_write for a directory where only the caller writes: volatile, two calls fewer. */
int record_write_alone(int dir_fd, const char *name, struct buf *json, struct err *err);

/**
 * @out    json_object_put() it
 * @return 0; -1 ERR_NOT_FOUND; ERR_INVALID when it is damaged; ERR_SYSTEM
 */
int record_read(int dir_fd, const char *path, struct json_object **out, struct err *err);

/** Move a damaged object (a file or a directory) into quarantine/ and warn. */
void record_quarantine(const struct store *store, int dir_fd, const char *path, const char *why);
