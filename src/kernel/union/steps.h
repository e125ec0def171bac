/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the ways to mount a union have in common. */
#include "kernel/union/overlay.h"

#include <linux/capability.h>
#include <sys/types.h>

/** Everything but the layers. fs_fd is a configuration context. @return 0 or -1 */
int overlay_set_options(int fs_fd, const struct overlay *overlay, struct err *err);

/** Create and mount, detached. @return owned fd or -1 */
int overlay_create(int fs_fd, const struct overlay *overlay, struct err *err);

/** Who the calling thread was for the file system. */
struct overlay_actor {
	uid_t uid;
	gid_t gid;
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
};

/**
 * Become `uid`, `gid` for the file system, keeping the effective capabilities: overlayfs works in
 * the work directory with the credentials of its mounter, and through an idmapped mount an id
 * without a mapping can make no file (EOVERFLOW).
 * @return 0 with *out_before filled; -1, ERR_INVALID for the id that stands for "no mapping"
 */
int overlay_act_as(uid_t uid, gid_t gid, struct overlay_actor *out_before, struct err *err);

/** Back to who we were. */
void overlay_act_again(const struct overlay_actor *before);
