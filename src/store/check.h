/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Is everything in the store whole, and does it fit together? Looking changes nothing. */
#include "base/err.h"
#include "base/strv.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

enum check_kind {
	CHECK_IMAGE,     /* its record */
	CHECK_CONFIG,    /* of an image */
	CHECK_MANIFEST,  /* a record in manifests/ */
	CHECK_BLOB,      /* bytes of a manifest or an index, or of nobody */
	CHECK_NAME,      /* of an image: a file in refs/ */
	CHECK_LAYER,     /* its record, recipe or files */
	CHECK_CONTAINER, /* its record */
	CHECK_LEFT_OVER, /* in staging/ or quarantine/ */
};

enum check_state {
	CHECK_DAMAGED,
	CHECK_MISSING,
	CHECK_UNUSED, /* sound, or nobody's: it only takes room */
};

/** One thing that is not as it should be. */
struct check_finding {
	enum check_kind kind;
	enum check_state state;
	char *id;               /* hex, a file's name, or a path below the root; owned */
	struct strv belongs_to; /* "image 0123456789ab (debian:12)", "container web" */
	char *problem;          /* owned */
	/* Static storage: what was done about it, or why nothing was; NULL both: not asked for. */
	const char *repair, *obstacle;
};

struct check_report {
	struct check_finding *items;
	size_t len, capacity;
	size_t images, layers, names, containers, blobs; /* looked at */
};
void check_report_done(struct check_report *report);

/** One more finding. Owned by the report; who it belongs to is the caller's to add.
 *  @id  copied */
struct check_finding *check_add(struct check_report *report, enum check_kind kind,
				enum check_state state, const char *id, const char *problem);

/**
 * Look at every object: checksums of records, digests of configs and manifests, that layers have
 * their parts and follow from each other, that names and containers lead to images, and what
 * belongs to nothing. What layers contain is not read. Nothing is removed meanwhile (shared store
 * lock).
 * @return 0, whatever was found; -1 when the looking itself failed
 */
int check_store(const struct store *store, struct check_report *out, struct err *err);

/** As the findings have it in belongs_to: the images that have this layer. */
int check_images_of(const struct store *store, const char *layer, struct strv *out,
		    struct err *err);
