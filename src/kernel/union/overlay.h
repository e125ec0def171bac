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
 * redirect_dir=off unless docs/storage.md says otherwise; xino by the kernel's choice.
 *
 * @return owned mount fd, or -1; a layer that is missing is named
 */
int overlay_mount(const struct overlay *overlay, struct err *err);

/** Make what overlayfs reads as "deleted" and "opaque" in a layer directory being unpacked. */
int overlay_make_whiteout(int dir_fd, const char *name, struct err *err);
int overlay_make_opaque(int dir_fd, bool is_unprivileged, struct err *err);
