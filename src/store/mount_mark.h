/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run/mounts/NAME/record: an image that is mounted on the host, and where. The mount itself is the
 * kernel's; a mark without it (after a reboot, an umount(8), a kill) is stale and means nothing.
 * NAME/fs is where images are mounted that nobody named a place for.
 */
#include "base/digest.h"
#include "base/err.h"
#include "base/id.h"
#include "store/prepare.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount_mark {
	char name[ID_SHORT_LEN + 1];
	char image_id[DIGEST_HEX_SIZE];
	char *path;            /* of the host, without symlinks; owned */
	uint64_t mount_id;     /* as in mountinfo */
	uint64_t namespace_id; /* mount namespace it is in */
	char boot[STORE_BOOT_ID_SIZE];
};

struct mount_mark_list {
	struct mount_mark *items;
	size_t len;
};
void mount_mark_list_done(struct mount_mark_list *list);

/** A new mark's name and its directory, with fs/ if `has_place`. Under the shared store lock until
 *  the mount is there: a mark without one may be swept. @return 0 or -1 */
int mount_mark_begin(const struct store *store, struct mount_mark *mark, bool has_place,
		     struct err *err);

/** "RUN/mounts/NAME/fs" on the host. Owned. */
char *mount_mark_place(const struct store *store, const struct mount_mark *mark);

/** Write it, for a mount that is not attached yet: its id is known, path is where it will be. Boot
 *  and namespace are filled in. */
int mount_mark_write(const struct store *store, struct mount_mark *mark, struct err *err);

/** The mount is gone: remove the mark and its place. */
int mount_mark_remove(const struct store *store, const struct mount_mark *mark, struct err *err);

/** The marks whose mounts are there: in our mount namespace, or in one that has a process. */
int mount_mark_list(const struct store *store, struct mount_mark_list *out, struct err *err);

/** Is it in our mount namespace? */
bool mount_mark_is_here(const struct mount_mark *mark);

/** Remove stale marks. */
int mount_mark_sweep(const struct store *store, struct err *err);
