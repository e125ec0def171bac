/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a hierarchy and a cgroup's name to a path for the *at system calls. The names come from
 * outside: what could leave the hierarchy is refused here, and cgroup file systems have no
 * symlinks that could.
 */
#include "kernel/cgroup/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define USUAL_ROOT "/sys/fs/cgroup"

int cgroup_base_open(struct err *err)
{
	int fd = open(USUAL_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Everything may be mounted elsewhere: absolute places need no base. */
	if (fd < 0 && errno == ENOENT)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "open " USUAL_ROOT);
}

void cgroup_place_make(const struct cgroup_hierarchy *hierarchy, const char *path,
		       struct cgroup_place *out)
{
	const char *mount = hierarchy->mount_path;
	if (strcmp(mount, USUAL_ROOT) == 0)
		mount = ".";
	else if (strncmp(mount, USUAL_ROOT "/", sizeof(USUAL_ROOT)) == 0)
		mount += sizeof(USUAL_ROOT);
	out->mount_len = strlen(mount);
	snprintf(out->path, sizeof(out->path), "%s%s", mount, path);
}

static bool is_component(const char *text, size_t len)
{
	if (len == 0 || len > NAME_MAX || (len <= 2 && strncmp(text, "..", len) == 0))
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	}
	return true;
}

int cgroup_path_check(const char *path, struct err *err)
{
	if (path[0] != '/' || strlen(path) >= CGROUP_PATH_MAX)
		return err_set(err, ERR_INVALID,
			       "cgroup path \"%.600s\" does not start with \"/\" or is longer than "
			       "%d bytes",
			       path, CGROUP_PATH_MAX - 1);
	for (const char *next = path; *next == '/';) {
		const char *end = strchrnul(next + 1, '/');
		if (!is_component(next + 1, (size_t)(end - next - 1)))
			return err_set(err, ERR_INVALID,
				       "cgroup path \"%s\" has an empty, \".\" or \"..\" component "
				       "or a control character",
				       path);
		next = end;
	}
	return 0;
}
