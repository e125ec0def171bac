/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The OCI (and Docker) image configuration, as far as a container needs it.
 * Source: OCI image-spec config.md
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step of how the image was made. */
struct image_step {
	char *created, *author, *created_by, *comment; /* created: RFC 3339; NULL: absent */
	bool is_empty;                                 /* it made no layer */
};

struct image_config {
	char *architecture, *os, *variant, *author, *created; /* created: RFC 3339; NULL: absent */
	char *user, *working_dir, *stop_signal;               /* NULL: absent */
	struct strv env, entrypoint, cmd, shell;
	struct strv exposed_ports, volumes; /* keys */
	struct strv labels;                 /* key=value: untrusted, never interpreted */
	struct strv diff_ids;               /* "sha256:...", bottom first */
	struct image_step *history;         /* the first step first */
	size_t history_len;
	bool args_escaped;
};

void image_config_done(struct image_config *config);

/** Add a step to the history. Strings are copied; NULL: absent. */
void image_config_add_step(struct image_config *config, const char *created, const char *created_by,
			   const char *comment);

#define IMAGE_CONFIG_MAX (8u << 20)
#define IMAGE_LAYERS_MAX 127

/**
 * Parse. Every limit of docs/limits.md is enforced; unknown fields are ignored; duplicate keys,
 * wrong types and bad digests are ERR_INVALID with the JSON path.
 */
int image_config_parse(const char *json, size_t len, struct image_config *out, struct err *err);

/** JSON bytes of a config (canonical: fixed key order, no spaces), for import and pack. */
char *image_config_format(const struct image_config *config);

/** The two halves of the above, for a config inside another document. Without the history, which
 *  the start of a container has no use for and which can be long. */
int image_config_read(const struct json_at *doc, struct image_config *out, struct err *err);
void image_config_write(const struct image_config *config, struct buf *out);
