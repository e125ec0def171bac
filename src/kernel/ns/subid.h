/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Id maps of a new user namespace, by whoever may write them: we ourselves, or the set-user-id
 * programs newuidmap and newgidmap, which give an ordinary user the ids that /etc/subuid and
 * /etc/subgid list for it.
 * Source: user_namespaces(7), newuidmap(1), newgidmap(1), subuid(5), subgid(5)
 */
#include "kernel/ns/ns.h"

struct ns_id_maps {
	const struct ns_id_map *uids, *gids;
	size_t uids_len, gids_len;
};

/**
 * Write both maps of the user namespace that process `pid` is alone in. Where we have no right to
 * map more than our own id, the helpers are run, each with ten seconds of time; `pid` must not be
 * undumpable then, nor may we have no_new_privs.
 * @return 0; -1 with ERR_INVALID (a map the kernel takes from nobody), ERR_UNSUPPORTED (no
 *         helper), ERR_REMOTE (the helper refuses; the hint says what is not listed for us) or
 *         ERR_SYSTEM
 */
int subid_write_maps(pid_t pid, const struct ns_id_maps *maps, struct err *err);

/** Who asks: the user's number, and its name (NULL: unknown). */
struct subid_user {
	const char *name;
	uid_t uid;
	uint32_t own_id; /* the uid or gid that needs no listing */
};

/**
 * The first line of the map that is not listed for the user.
 * @text   what is in /etc/subuid or /etc/subgid
 * @return its index, or `len` when all are
 */
size_t subid_find_unlisted(const char *text, const struct subid_user *user,
			   const struct ns_id_map *maps, size_t len);
