/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Images as directories of the host, to be looked at. */
#include "base/err.h"
#include "store/mount_mark.h"

struct engine;

/**
 * image mount: an image's files, read-only, at a directory of the host (NULL: one of ours). It
 * stays until it is unmounted, and so does the image; after a reboot it is gone. What is mounted at
 * a place of ours already is not mounted twice.
 * @out_path  where; owned
 * @return 0, or -1: ERR_NOT_FOUND, ERR_UNSUPPORTED for an image without layers
 */
int engine_mount_image(struct engine *engine, const char *reference, const char *directory,
		       char **out_path, struct err *err);

/**
 * image unmount: one mount.
 * @is_lazy  also while it is in use: it goes when its last user does
 * @return 0, or -1: ERR_CONFLICT when it is in use, or in another mount namespace
 */
int engine_unmount_image(struct engine *engine, const struct mount_mark *mark, bool is_lazy,
			 struct err *err);
