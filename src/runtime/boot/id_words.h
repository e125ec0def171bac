/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The maps in "idmap=uids=0-1-10#10-11-10;gids=@0-100-10", as crun has them. */
#include "base/err.h"
#include "oci/spec.h"

struct id_words {
	struct ns_id_map uids[NS_ID_MAP_MAX], gids[NS_ID_MAP_MAX];
	size_t uids_len, gids_len;
};

/**
 * Read the maps. Each is FIRST-HOST-COUNT: ids of the file system from FIRST on are HOST on. "@"
 * in front counts HOST from where the spec's user namespace has FIRST. A kind that is not named
 * has the maps of the spec.
 * @return 0; -1 ERR_INVALID for what is not understood
 */
int id_words_parse(const char *words, const struct spec *spec, struct id_words *out,
		   struct err *err);
