/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A stream of decompressed bytes from a descriptor, with the digest of what went in and of what
 * came out. Compressed or large sources work in a thread of their own, so that hashing and
 * inflating overlap with the writing of files.
 */
#include "base/digest.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

struct source_options {
	int fd;         /* borrowed */
	bool is_region; /* read `length` bytes at `offset` with pread; else read to the end */
	uint64_t offset, length;
	bool is_plain;     /* never decompress */
	bool has_thread;   /* and digests: source_finish gives them */
	bool is_unlimited; /* no ratio limit (tests) */
};

/** Detects the compression, which reads the first bytes. @return owned, or NULL */
struct source *source_open(const struct source_options *options, struct err *err);
void source_free(struct source *source);

/**
 * Look at the next bytes. They stay valid until source_consume.
 * @return how many (at least 1), 0 at the end, -1 on error
 */
ssize_t source_peek(struct source *source, const uint8_t **out, struct err *err);
void source_consume(struct source *source, size_t len);

/** Told all decompressed bytes as they are consumed, whoever consumes them. */
typedef void source_tap(void *arg, const uint8_t *data, size_t len);
void source_set_tap(struct source *source, source_tap *tap, void *arg);

/** Read exactly `len` bytes. @return 1; 0 when the end comes before the first; -1 (ERR_INVALID
 *  "ends in the middle of WHAT") */
int source_read(struct source *source, void *out, size_t len, const char *what, struct err *err);

/** Skip `len` bytes; a plain region without a thread seeks. */
int source_skip(struct source *source, uint64_t len, struct err *err);

/** Decompressed bytes consumed so far. */
uint64_t source_position(const struct source *source);

/** Raw bytes taken from the descriptor so far, for progress. */
uint64_t source_input_position(const struct source *source);

/** @return true if the stream is compressed */
bool source_is_compressed(const struct source *source);

struct source_digests {
	char input[DIGEST_HEX_SIZE];  /* of the bytes as they lie in the archive */
	char output[DIGEST_HEX_SIZE]; /* of the decompressed bytes: the DiffID of a layer */
	uint64_t input_bytes, output_bytes;
};

/** Read what is left, then give the digests of the whole. Only with has_thread. */
int source_finish(struct source *source, struct source_digests *out, struct err *err);
