/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What engine and worker say to each other: packets on a SEQPACKET socket. The worker is not to
 * be trusted: whoever receives checks every length, count and text against unpack/bounds.h.
 *
 * Descriptors of the worker: 0 what is read, 1 the socket, 2 null or stderr, 3 what is written
 * (a layer's directory, the spool file, an archive), 4 the layer that is read, 5 the recipe that is
 * written, or the spool file of one that is followed. Arguments: docs/unpack.md.
 */
#include "base/digest.h"
#include "base/err.h"
#include "unpack/bounds.h"

#include <stddef.h>
#include <stdint.h>

enum unpack_packet_type {
	/* from the worker */
	UNPACK_IMAGE = 1, /* begins an image: config packets, names, layers follow */
	UNPACK_CONFIG,    /* a piece of the config's bytes */
	UNPACK_NAME,
	UNPACK_LAYER,
	UNPACK_PROGRESS,
	UNPACK_DEVICE, /* make a device node, please; answered */
	UNPACK_OPAQUE, /* mark a directory opaque, please; answered */
	UNPACK_BELOW,  /* what have the layers below at this path? Answered, with a descriptor when
			  there is something: open for reading if it is a file or a directory, else
			  O_PATH. The answer may take as long as the lower layers do. */
	UNPACK_END,    /* all done */
	UNPACK_ERROR,  /* nothing done */
	/* from the engine */
	UNPACK_REPLY,
};

/** Where a layer's bytes are. */
struct unpack_layer_ref {
	char diff_id[DIGEST_HEX_SIZE]; /* of the tar inside */
	char digest[DIGEST_HEX_SIZE];  /* of the bytes as they lie there; "" when nobody says */
	uint32_t is_blob_file;         /* in a layout directory: blobs/sha256/DIGEST, whole */
	uint32_t is_in_spool;          /* in the spool file instead of the archive */
	uint64_t offset, length;
};

struct unpack_totals {
	char diff_id[DIGEST_HEX_SIZE];
	uint64_t bytes;   /* of file data */
	uint64_t entries; /* of the tar */
};

struct unpack_device {
	uint32_t is_block, major, minor, mode, uid, gid, mtime_nsec;
	int64_t mtime_sec;
};

#define UNPACK_CHUNK_MAX 32768u

struct unpack_packet {
	uint32_t type;
	uint32_t len; /* bytes of `data` */
	union {
		struct unpack_layer_ref layer;
		struct unpack_totals totals;
		uint64_t done_bytes;
		struct err error;
		struct unpack_device device; /* and the path in `data` */
	};
	char data[UNPACK_CHUNK_MAX];
};

/** Send header, value and `len` bytes of data, with a descriptor if fd >= 0 (borrowed). */
int packet_send(int sock_fd, struct unpack_packet *packet, int fd, struct err *err);

/**
 * Receive one. `data` is NUL-terminated, texts in the value are too.
 * @out_fd  gets a descriptor that came along (owned) or -1; NULL: none may come
 * @return 1, 0 when the peer is gone, -1 (ERR_REMOTE for a malformed packet)
 */
int packet_recv(int sock_fd, struct unpack_packet *out, int *out_fd, struct err *err);
