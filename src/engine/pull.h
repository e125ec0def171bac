/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Images in from registries. Bytes are fetched by one worker and unpacked by others. */
#include "engine/registries.h"
#include "engine/unpacking.h"

struct engine;

/** Told while an image is pulled; each may be NULL. */
struct pull_watch {
	void *arg;
	/** The layers are known, bottom first; the digests are hex. Borrowed. */
	void (*begin)(void *arg, const struct registry_descriptor *layers, size_t len);
	/** A layer has come to a state, or further in it: bytes as the registry has them. */
	void (*layer)(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes);
};

struct pull_options {
	const struct reference *reference; /* its repository counts; see pull_image() */
	struct registries_options registries;
	/* A member that is NULL or "": os linux, the architecture this machine's. */
	struct registry_platform platform;
	struct pull_watch watch;
};

/** A repository of a registry; asked as often as there are images to pull. */
struct pull;

/** Begin. `options` and what it points at stay the caller's, until pull_close(). @return NULL, err
 */
struct pull *pull_open(struct engine *engine, const struct pull_options *options, struct err *err);
/** End it, and its worker. NULL-safe. */
void pull_close(struct pull *pull);

/** All tags of the repository, appended to `out`. */
int pull_tags(struct pull *pull, struct strv *out, struct err *err);

struct pull_result {
	char id[DIGEST_HEX_SIZE];
	char digest[DIGEST_HEX_SIZE]; /* of the index, or the manifest where there is none */
	bool is_new;                  /* the name did not lead to this image before */
};

/**
 * Pull one image by the tag or the digest of a reference into this repository; the digest counts
 * if there are both. Layers that the store has are not fetched, but for those that lack a part;
 * these are set aside by a warning and come again. The image is there when all of it is; what was
 * fetched until a failure or an interruption (SIGINT, SIGTERM, SIGHUP, SIGQUIT, which take their
 * course when all is cleaned up) serves the next attempt layer by layer.
 */
int pull_image(struct pull *pull, const struct reference *reference, struct pull_result *out,
	       struct err *err);
