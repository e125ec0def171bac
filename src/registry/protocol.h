/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What engine and worker say to each other: packets on a SEQPACKET socket. The worker is not to be
 * trusted: the engine checks every length, count and text. First the engine says whom to ask
 * (ENDPOINT, FIELD..., START), then it asks; the descriptor to write a blob to comes with BLOB.
 *
 * Descriptors of the worker: 0 null, 1 the socket, 2 null or stderr.
 */
#include "base/digest.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum fetch_packet_type {
	/* from the engine: the session */
	FETCH_ENDPOINT = 1, /* begins one; its fields follow */
	FETCH_FIELD,        /* a piece of a text, appended */
	FETCH_START,        /* all said: go into the sandbox */
	/* from the engine: what to do */
	FETCH_RESOLVE, /* `data`: reference, os, architecture, variant, a NUL after each */
	FETCH_BLOB,    /* with a descriptor */
	FETCH_TAGS,
	FETCH_LOGIN,
	/* from the worker */
	FETCH_DOCUMENT, /* begins one: its bytes follow */
	FETCH_BYTES,
	FETCH_LAYER,
	FETCH_TAG,
	FETCH_TOKEN, /* an identity token */
	FETCH_PROGRESS,
	FETCH_BLOB_END,   /* good */
	FETCH_BLOB_ERROR, /* what became of it */
	FETCH_END,        /* of the answer to RESOLVE, TAGS, LOGIN */
	FETCH_ERROR,      /* instead of it */
};

enum fetch_field {
	/* of the endpoint begun last */
	FETCH_HOST,
	FETCH_PREFIX,
	FETCH_TOKEN_HOST,
	FETCH_CA,
	FETCH_CERT,
	FETCH_KEY,
	FETCH_USERNAME,
	FETCH_SECRET,
	FETCH_IDENTITY_TOKEN,
	FETCH_FIELDS,
	/* of the session */
	FETCH_REPOSITORY = FETCH_FIELDS,
};

enum fetch_document { FETCH_INDEX, FETCH_MANIFEST, FETCH_CONFIG, FETCH_DOCUMENTS };

#define FETCH_CHUNK_MAX     32768u
#define FETCH_FIELD_MAX     (1u << 20)
#define FETCH_ENDPOINTS_MAX 16u

struct fetch_packet {
	uint32_t type;
	uint32_t len;  /* bytes of `data` */
	uint32_t what; /* a field's, a document's or a blob's number */
	union {
		struct {
			uint32_t is_plain_http, skips_verify;
		} endpoint;
		struct {
			uint32_t can_push, stall_s;
		} start;
		struct {
			char media_type[128];
			char digest[DIGEST_HEX_SIZE];
			uint64_t size;
		} descriptor;
		uint64_t done_bytes;
		struct err error;
	};
	char data[FETCH_CHUNK_MAX];
};

/** Send header, value and `len` bytes of data, with a descriptor when fd >= 0 (borrowed). */
int fetch_packet_send(int sock_fd, struct fetch_packet *packet, int fd, struct err *err);

/** As fetch_packet_send without a descriptor, but wait for nobody. @return 1 sent, 0 not now, -1 */
int fetch_packet_try(int sock_fd, const struct fetch_packet *packet, struct err *err);

/**
 * Receive one. `data` is NUL-terminated, texts in the value are too.
 * @out_fd  a descriptor that came along (owned), else -1; NULL refuses them
 * @return 1, 0 when the peer is gone, -1 (ERR_REMOTE for a malformed packet)
 */
int fetch_packet_recv(int sock_fd, struct fetch_packet *out, int *out_fd, struct err *err);
