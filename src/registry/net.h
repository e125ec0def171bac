/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The worker's network: the places to ask, and one loop that moves every transfer. A transfer is
 * one request with what belongs to it: redirects, credentials, another try after a pause.
 */
#include "base/buf.h"
#include "base/err.h"
#include "registry/challenge.h"
#include "registry/header.h"
#include "registry/origin.h"
#include "registry/protocol.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct endpoint {
	char *fields[FETCH_FIELDS]; /* owned; NULL: absent */
	bool is_plain_http, skips_verify;
	struct origin origin;
	char *path;    /* prefix and repository, for URLs and scopes; owned */
	char *ca_path; /* authorities, in the sandbox's root; owned */
	/* what auth.c knows */
	char *token; /* owned; NULL: none yet */
	uint64_t token_until_ns;
	bool wants_basic;
};

#define NET_WAITERS_MAX 32

struct net {
	CURLM *multi;
	int control_fd;
	struct endpoint endpoints[FETCH_ENDPOINTS_MAX];
	size_t endpoints_len;
	size_t preferred; /* index of the one that answered last */
	char *repository; /* owned */
	bool can_push;
	bool asks_offline;    /* a token that stays good for long is wanted: login */
	char *identity_token; /* what came of it; owned */
	unsigned stall_s;
	/* Pipes that are full: who waits for them, and what to do after each turn of the loop. */
	unsigned (*waiters)(struct net *net, struct curl_waitfd *fds);
	void (*after_turn)(struct net *net);
	void *arg;
};

/** After curl_global_init; the endpoints and the rest are filled in by the caller. */
int net_init(struct net *net, struct err *err);
void net_done(struct net *net);

/** One turn: moves what moves, waits at most `timeout_ms`. With `is_idle` a request on control_fd
 *  ends the wait; its end always ends the process. */
void net_turn(struct net *net, int timeout_ms, bool is_idle);

struct answer {
	long status;
	char content_type[HEADER_MEDIA_TYPE_SIZE];
	struct challenge challenge;
	char *location, *link, *digest, *range; /* owned; NULL: absent */
	char *limit, *remaining;                /* of the rate; owned */
	uint64_t retry_after_s;                 /* 0: not said */
	struct buf body;                        /* of documents and errors */
};

enum transfer_state { TRANSFER_FAILED = -1, TRANSFER_GOING, TRANSFER_ANSWERED };

struct transfer;

/** Where a body goes that is not kept. @return bytes taken (all), CURL_WRITEFUNC_PAUSE (none), or 0
 *  after transfer_break() */
typedef size_t transfer_sink_fn(struct transfer *transfer, const char *data, size_t len);

struct transfer {
	struct net *net;
	struct endpoint *endpoint;
	/* asked */
	const char *accept;  /* borrowed; NULL: anything */
	char *url;           /* owned; a redirect changes it */
	char *first_url;     /* owned; where another attempt begins */
	char *form;          /* owned, wiped; NULL: no body */
	char *authorization; /* owned, wiped; goes to `bound` alone */
	struct origin bound;
	bool is_token_request; /* its 401 is an answer */
	size_t body_max;
	uint64_t offset;        /* begin at this byte */
	transfer_sink_fn *sink; /* for the body of 200 and 206; NULL: keep it in `answer` */
	void *arg;
	/* how it goes */
	CURL *easy;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];
	struct answer answer;
	size_t header_bytes, header_lines;
	unsigned redirects, attempts, auth_tries;
	uint64_t wait_until_ns; /* 0: not waiting */
	bool is_checked;        /* the sink's own mark */
	bool is_running, is_done, is_enough;
	CURLcode result;
	struct err broken; /* by us, in a callback */
};

/** A GET of an endpoint's address below /v2/: `url` is taken. */
void transfer_init(struct transfer *transfer, struct net *net, struct endpoint *endpoint,
		   char *url_take);
void transfer_done(struct transfer *transfer);

/** Begin, or begin again with what it has become. */
int transfer_start(struct transfer *transfer, struct err *err);

/**
 * See to a transfer: what is done is looked at, and leads to the next request where it must
 * (redirect, token, another attempt). From the outermost loop only: it may ask for a token.
 */
enum transfer_state transfer_advance(struct transfer *transfer, struct err *err);

/** Milliseconds until it has to be seen to again; at most `limit`. */
int transfer_patience(const struct transfer *transfer, int limit);

/** From start to answer. @return 0, or -1 */
int transfer_run(struct transfer *transfer, struct err *err);

/** From a callback: this transfer is at its end, for that reason. */
void transfer_break(struct transfer *transfer, const struct err *why);

/** The error that an answer which is not 2xx is. @return -1 */
int transfer_refused(const struct transfer *transfer, const char *what, struct err *err);

/** `location` as seen from `base`. @return owned, or NULL */
char *transfer_resolve_url(const char *base, const char *location);

/** After `failed` said `why`: is `next` the same host, which has answered already? It is there for
 *  the case that the first does not speak TLS, not to be asked twice. */
bool endpoint_is_settled(const struct endpoint *failed, const struct endpoint *next,
			 const struct err *why);

/** "https://HOST/v2/PATH/TAIL". Owned. */
char *endpoint_url(const struct endpoint *endpoint, const char *tail);
