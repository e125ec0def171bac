/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an ordinary user may make a cgroup. Directories that are delegated belong to the user; to
 * move into one, v2 also asks for the right to write to cgroup.procs of the nearest cgroup that is
 * above both, which for the places tried here is the parent of the new one.
 * Kernel: any. Source: cgroups(7) "Delegation containment rules"
 */
#include "kernel/cgroup/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool may_write(const char *path)
{
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* In every hierarchy: a container is in one path of all of them. */
static bool is_open(const struct cgroup_layout *layout, const char *parent)
{
	char path[CGROUP_PATH_MAX * 2 + 32];
	for (size_t i = 0; i < layout->len; i++) {
		const struct cgroup_hierarchy *h = &layout->hierarchies[i];
		snprintf(path, sizeof(path), "%s%s", h->mount_path, parent);
		if (!may_write(path))
			return false;
		snprintf(path, sizeof(path), "%s%s/cgroup.procs", h->mount_path, parent);
		if (h->is_v2 && !may_write(path))
			return false;
	}
	return layout->len > 0;
}

bool cgroup_find_place(const struct cgroup_layout *layout, const char *name,
		       char out_path[CGROUP_PATH_MAX])
{
	char own[CGROUP_PATH_MAX] = "", beside[CGROUP_PATH_MAX] = "";
	if (layout->len > 0 && strcmp(layout->hierarchies[0].self_path, "/") != 0)
		memcpy(own, layout->hierarchies[0].self_path, sizeof(own));
	memcpy(beside, own, sizeof(beside));
	char *slash = strrchr(beside, '/');
	if (slash != NULL)
		*slash = '\0';
	const char *const parents[] = { "", beside, own };
	for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
		char path[2 * CGROUP_PATH_MAX];
		int len = snprintf(path, sizeof(path), "%s/%s", parents[i], name);
		if (len >= CGROUP_PATH_MAX || !is_open(layout, parents[i]))
			continue;
		memcpy(out_path, path, (size_t)len + 1);
		return true;
	}
	return false;
}
