/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gzip (all members), zstd (all frames) or nothing, one buffer at a time.
 * Source: RFC 1952, RFC 8878; ISA-L igzip_lib.h, zstd.h
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inflate_kind { INFLATE_PLAIN, INFLATE_GZIP, INFLATE_ZSTD };

/** Decided by the magic bytes; anything unknown is plain. Other known compressions (xz, bzip2,
 *  lz4) are ERR_UNSUPPORTED by name. */
int inflate_detect(const uint8_t *start, size_t len, enum inflate_kind *out, struct err *err);

struct inflater;

/** @return owned, never NULL */
struct inflater *inflater_new(enum inflate_kind kind);
void inflater_free(struct inflater *inflater);

struct inflate_step {
	const uint8_t *in; /* advanced over what was used */
	size_t in_len;
	uint8_t *out; /* advanced over what was made */
	size_t out_len;
	bool is_last; /* no more input comes after `in` */
};

/**
 * Work until `in` is used up or `out` is full.
 * @return 1 when the stream is complete (only with is_last), 0 to go on, -1 ERR_INVALID for
 *         damaged, truncated or over-large streams
 */
int inflater_run(struct inflater *inflater, struct inflate_step *step, struct err *err);
