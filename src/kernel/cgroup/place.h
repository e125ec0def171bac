/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a cgroup's directory is: a path relative to one held descriptor. */
#include "kernel/cgroup/cgroup.h"

struct cgroup_place {
	char path[2 * CGROUP_PATH_MAX]; /* for the *at calls, with cgroup_base_open's descriptor */
	size_t mount_len;               /* how much of it is the mount point */
};

/** Open /sys/fs/cgroup (O_PATH), below which the mount points usually are. @return owned fd */
int cgroup_base_open(struct err *err);

/** The place of cgroup `path` in a hierarchy. Mount points elsewhere stay absolute. */
void cgroup_place_make(const struct cgroup_hierarchy *hierarchy, const char *path,
		       struct cgroup_place *out);

/** Check a cgroup path; see cgroup_create. @return 0, or -1 with ERR_INVALID */
int cgroup_path_check(const char *path, struct err *err);
