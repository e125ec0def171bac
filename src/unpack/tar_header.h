/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the tar reader share: the raw header and the pending extended attributes. */
#include "base/buf.h"
#include "base/err.h"
#include "unpack/tar.h"

#include <stdbool.h>
#include <stdint.h>

#define TAR_BLOCK_SIZE 512u

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char link[100];
	char magic[8]; /* "ustar\0" "00" or "ustar  \0" */
	char uname[32], gname[32], major[8], minor[8];
	char prefix[155];
	char padding[12];
};

/** The four numbers and the map of an old GNU header, where ustar has its prefix. */
struct tar_gnu_sparse {
	char offset[12], length[12];
};

/** Octal, or base-256 when the top bit is set. @return 0 or -1 ERR_INVALID naming `what` */
int tar_number(const char *field, size_t len, const char *what, int64_t *out, struct err *err);

/** @return true if the sum of the header's bytes is what it says */
bool tar_checksum_ok(const struct tar_header *header);

/** Is it GNU's variant, with no prefix but other fields there? */
bool tar_is_gnu(const struct tar_header *header);

/** Extended values that apply to the next entry. */
struct tar_pax {
	bool has_path, has_link, has_size, has_uid, has_gid, has_mtime;
	struct buf path, link;
	uint64_t size, uid, gid;
	struct timespec mtime;
	struct buf xattr_bytes; /* name NUL value, by the offsets below */
	struct {
		size_t name, value, len;
	} * xattrs;
	size_t xattrs_len;

	/* GNU sparse, formats 0.0, 0.1 and 1.0 */
	bool is_sparse, has_real_size, has_sparse_name;
	uint64_t sparse_major, sparse_minor, real_size;
	struct buf sparse_name;
	struct tar_extent *extents;
	size_t extents_len;
	bool is_offset_open; /* 0.0: an offset without its numbytes yet */
};

void tar_pax_done(struct tar_pax *pax);

/** Parse the records of one extended header ("LEN KEY=VALUE\n"...). */
int tar_pax_parse(struct tar_pax *pax, const char *data, size_t len, struct err *err);

/** Append an extent; checked against order and limits at the end. */
int tar_add_extent(struct tar_pax *pax, uint64_t offset, uint64_t length, struct err *err);

/** Strict unsigned decimal of `len` bytes. */
int tar_decimal(const char *text, size_t len, const char *what, uint64_t *out, struct err *err);
