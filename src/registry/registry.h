/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The engine's side of `onggi-fetch`, the worker that has the network and nothing else: one process
 * per session, one session per repository. What comes back is data of strangers: every digest, size
 * and count is checked here, before anybody sees it. Parses no HTTP.
 * Source: OCI distribution-spec 1.1; docs/registries.md
 */
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registry_credentials {
	char *username, *secret; /* owned; NULL: none */
	char *identity_token;    /* owned; for an OAuth2 token instead of a password; NULL: none */
};
/** Wipe and free what is inside, and zero it. */
void registry_credentials_done(struct registry_credentials *credentials);

/** One place to ask: a registry, or a mirror of it. All texts borrowed. */
struct registry_endpoint {
	const char *host;               /* "registry.example", "127.0.0.1:5000" */
	const char *prefix;             /* before the repository's path in a mirror; NULL or "" */
	bool is_plain_http;             /* only where somebody said so: never a silent step down */
	bool skips_verify;              /* --tls-verify=false */
	const char *ca_pem;             /* further authorities, certs.d; NULL: the system's alone */
	const char *cert_pem, *key_pem; /* a client's certificate; NULL: none */
	const struct registry_credentials *credentials; /* NULL: anonymous */
	/* A further host that may be given the credentials when the registry names it as the place
	 * to get tokens from, besides its own and neighbours of the same domain; NULL: none */
	const char *token_host;
};

struct registry_target {
	const struct registry_endpoint *endpoints; /* mirrors first, the registry itself last */
	size_t endpoints_len;
	const char *repository; /* "library/debian" */
	bool can_push;          /* ask for a token that may */
	unsigned stall_s;       /* give a transfer up that brings nothing for so long; 0: 60 */
};

/** Told while blobs move; from registry_step(). */
typedef void registry_progress_fn(void *arg, size_t blob, uint64_t done_bytes);

struct registry_session;

/** Start the worker (`worker_path`: onggi-fetch). Nothing is asked of the network yet. NULL:
 * failed. */
struct registry_session *registry_open(const char *worker_path,
				       const struct registry_target *target,
				       registry_progress_fn *progress, void *arg, struct err *err);
/** Ends the worker, whatever it is doing. NULL-safe. */
void registry_close(struct registry_session *session);

struct registry_descriptor {
	char media_type[128];
	char digest[DIGEST_HEX_SIZE];
	uint64_t size;
};

struct registry_platform { /* borrowed; NULL or "": whatever there is */
	const char *os, *architecture, *variant;
};

struct registry_image {
	struct registry_descriptor manifest; /* of the platform chosen */
	struct buf manifest_bytes;           /* original; their digest is checked */
	struct registry_descriptor index;    /* the index it was chosen from; digest "": none */
	struct buf index_bytes;
	struct buf config; /* original bytes; checked */
	struct registry_descriptor config_descriptor;
	struct registry_descriptor *layers; /* bottom first; owned */
	size_t layers_len;
};
/** Free what is inside, and zero it. */
void registry_image_done(struct registry_image *image);

/**
 * Resolve a tag or a digest ("sha256:...") to one image of a platform, and bring its config.
 * @return 0; -1 ERR_NOT_FOUND (no such tag or repository, or no such platform: says which there
 *  are), ERR_DENIED (credentials missing or wrong), ERR_UNSUPPORTED (a manifest that is no image),
 *  ERR_INVALID (a digest, size or document that lies), ERR_REMOTE (network, server)
 */
int registry_resolve(struct registry_session *session, const char *tag_or_digest,
		     const struct registry_platform *platform, struct registry_image *out,
		     struct err *err);

/**
 * Begin to fetch a blob: its bytes as they are, from the returned pipe; several at once, at most
 * REGISTRY_BLOBS_MAX. Size and digest are checked by the worker as they pass; whether they were
 * good is said by registry_blob_state(): do not commit anything before. The reader must drain or
 * close the pipe.
 * @out_blob  the number by which registry_blob_state() and progress speak of it
 * @return owned fd, or -1
 */
int registry_fetch(struct registry_session *session, const struct registry_descriptor *blob,
		   size_t *out_blob, struct err *err);
#define REGISTRY_BLOBS_MAX 16

/** The descriptor to poll for POLLIN: then call registry_step(). Borrowed. */
int registry_fd(const struct registry_session *session);

/** Take what the worker said, without blocking. @return 0, or -1 when the worker is lost */
int registry_step(struct registry_session *session, struct err *err);

/** How a fetch stands. @return 1 done and good, 0 going on, -1 failed (err says how) */
int registry_blob_state(struct registry_session *session, size_t blob, struct err *err);

/** All tags of the repository, at most REGISTRY_TAGS_MAX. */
int registry_tags(struct registry_session *session, struct strv *out, struct err *err);
#define REGISTRY_TAGS_MAX 100000u

/** Are the credentials good? Asks /v2/ of the last endpoint, as `login` does.
 *  @out_identity_token  owned, or NULL where the registry gives none */
int registry_check_login(struct registry_session *session, char **out_identity_token,
			 struct err *err);
