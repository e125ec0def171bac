/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The steps of cgroup_layout_detect, and how the rest of this folder looks things up. */
#include "kernel/cgroup/cgroup.h"

/** Hierarchies from the text of /proc/self/cgroup, mount points still empty. A failure leaves none.
 */
int cgroup_layout_parse(const char *text, struct cgroup_layout *out, struct err *err);

/** Fill the mount points still empty from the text of /proc/self/mountinfo. Read-only mounts are
 *  passed over. */
void cgroup_layout_place(struct cgroup_layout *layout, const char *mountinfo);

/** Drop hierarchies without a mount point and decide the mode. */
void cgroup_layout_finish(struct cgroup_layout *layout);

/** @return whether `word` is one of the words of `list` divided by `separator` */
bool cgroup_list_has(const char *list, char separator, const char *word);

/** Index of the v1 hierarchy with a controller ("memory"), or -1. */
int cgroup_layout_find_v1(const struct cgroup_layout *layout, const char *controller);

/** Index of the v2 hierarchy, or -1. */
int cgroup_layout_find_v2(const struct cgroup_layout *layout);
