/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * refs/: which image a name leads to. One symlink per name, its text is "HEX NAME": made and moved
 * in one step, read in one call, and a listing of the directory tells a person everything. The
 * file name is the name with '/' as %2F; a longer one than a file name may be is its digest.
 */
#include "base/digest.h"
#include "base/strv.h"
#include "store/store.h"

/** @return 1 with the image's id, 0 when there is no such name */
int refs_lookup(const struct store *store, const char *name, char out_id[DIGEST_HEX_SIZE]);

/** Point a (normalised) name at an image; durable. Under the store lock. */
int refs_set(const struct store *store, const char *name, const char *id, struct err *err);

/** Take a name away; durable. No such name is no error. Under the exclusive store lock. */
int refs_remove(const struct store *store, const char *name, struct err *err);

/** All names, sorted, and the ids they lead to, index by index. */
struct refs_list {
	struct strv names, ids;
};
void refs_list_done(struct refs_list *list);
int refs_list(const struct store *store, struct refs_list *out, struct err *err);

/** The files in refs/ that are no names: their text is damaged, or that of another name. */
int refs_list_damaged(const struct store *store, struct strv *out_files, struct err *err);
