/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Manifests and indexes as a registry sends them: what a document is, and what it names. The bytes
 * are not to be trusted; their digest is the caller's to check.
 * Source: OCI image-spec manifest.md, image-index.md; Docker image manifest V2, schema 2
 */
#include "base/digest.h"
#include "base/err.h"
#include "registry/bounds.h"
#include "registry/platform.h"

#include <stddef.h>
#include <stdint.h>

/** Media types that are asked for, as the value of an Accept header. */
extern const char document_accept[];

struct document_descriptor {
	char media_type[128];
	char digest[DIGEST_HEX_SIZE];
	uint64_t size;
};

enum document_kind { DOCUMENT_INDEX, DOCUMENT_MANIFEST };

struct document {
	enum document_kind kind;
	char media_type[128];
	/* of a manifest */
	struct document_descriptor config;
	struct document_descriptor layers[FETCH_LAYERS_MAX];
	size_t layers_len;
	/* of an index: the entry that fits best */
	struct document_descriptor chosen;
};

/**
 * Read one.
 * @content_type  as document_media_type or header_media_type gave it
 * @wanted        the platform, for an index
 * @out           written only on success
 * @return 0; -1 ERR_INVALID (it lies, or is two things at once), ERR_UNSUPPORTED (no image, or
 *         schema 1), ERR_NOT_FOUND (no such platform: says which there are)
 */
int document_read(const char *bytes, size_t len, const char *content_type,
		  const struct platform *wanted, struct document *out, struct err *err);
