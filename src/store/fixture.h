/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the store's tests share: a store in a directory of their own, and quick content for it. */
#include "store/container.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/store.h"

struct fixture {
	char root[64], run[64]; /* paths */
	struct store store;
	const char *parent; /* "/tmp/" */
	unsigned warnings;  /* said since fixture_open */
};

/** Make and open in /tmp, or fail the test. */
void fixture_open(struct fixture *fixture);

/** The same in memory, where there is a /dev/shm: for what syncs a thousand times. */
void fixture_open_in_memory(struct fixture *fixture);

/** Open once more what is there, as the next command does. */
void fixture_reopen(struct fixture *fixture);

/** Close and delete. */
void fixture_close(struct fixture *fixture);

/** Commit a layer of one file, `text`. @return owned name; `chain` grows by it */
char *fixture_layer(struct fixture *fixture, const char *text, char chain[DIGEST_HEX_SIZE],
		    char out_diff_id[80]);

/** An image with the layers "a", "b", ... as `layers` says, and this name. */
void fixture_image(struct fixture *fixture, const char *layers, const char *name,
		   char out_id[DIGEST_HEX_SIZE]);

/** The same, pulled from this repository by this tag (may be NULL): its index is the bytes
 *  "{index}", its manifest "{manifest LAYERS}". */
void fixture_pulled(struct fixture *fixture, const char *layers, const char *repository,
		    const char *tag, char out_id[DIGEST_HEX_SIZE]);

/** A container's values: done with container_done. */
struct container fixture_container(const char *name, const char *image_id, bool is_throwaway);

/** Names in a directory of the store ("staging"), run root with "run:" in front. */
size_t fixture_count(struct fixture *fixture, const char *path);

/** Overwrite one byte in the middle of a file below the root. */
void fixture_damage(struct fixture *fixture, const char *path);
