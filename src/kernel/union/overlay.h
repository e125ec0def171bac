/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A union of read-only layers and one writable directory by overlayfs.
 * Source: Documentation/filesystems/overlayfs.rst; Linux >= 5.10; "lowerdir+" and descriptors
 * instead of paths from 6.8/6.13; many layers by relative paths from one directory below that.
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define OVERLAY_LAYERS_MAX 500 /* OVL_MAX_STACK */

struct overlay {
	int base_dir_fd;          /* lower, upper and work are relative to it (borrowed) */
	const char *const *lower; /* top layer first, as overlayfs has it */
	size_t lower_len;         /* 1 to OVERLAY_LAYERS_MAX */
	const char *upper, *work; /* NULL: read-only */
	bool is_volatile;     /* no sync of the upper file system at unmount: throw-away uppers */
	bool is_unprivileged; /* "userxattr": mounted inside a user namespace */
	int idmap_userns_fd;  /* -1, or shift owners of every layer by this user namespace */
};

/**
 * Mount it, detached. index=off (uppers are never exported nor moved), metacopy=off and
 * redirect_dir=off; xino by the kernel's choice. A single lower layer without an upper is a
 * read-only clone of that directory. With `is_volatile` the work directory must be fresh.
 *
 * With idmap_userns_fd the caller is root outside of that user namespace: an id owned on disk by 0
 * shows as the mapped 0, and what the mapped root makes is owned by 0 on disk. The work directory's
 * owner must have a mapping.
 *
 * @return owned mount fd, or -1; a layer that is missing is named; ERR_INVALID for a contradictory
 *         overlay; ERR_UNSUPPORTED for mapped ids where the layers' file system has none, and for
 *         layers that do not fit into a page of options below 6.8
 */
int overlay_mount(const struct overlay *overlay, struct err *err);

/**
 * Make what overlayfs reads as "deleted" in a layer directory being unpacked: a 0:0 character
 * device, or, where mknod is refused, a marked file that only "userxattr" unions on Linux 6.7
 * honour. One that is there already is fine.
 * @return 0, or -1 ERR_SYSTEM (EEXIST when something else has the name)
 */
int overlay_make_whiteout(int dir_fd, const char *name, struct err *err);
/** Does this directory of an upper tree hide what lower layers have in it? @fd open for reading */
bool overlay_is_opaque(int fd);

/** Mark the directory (O_PATH will do) as hiding what lower layers have in it. @return 0 or -1 */
int overlay_make_opaque(int dir_fd, bool is_unprivileged, struct err *err);
