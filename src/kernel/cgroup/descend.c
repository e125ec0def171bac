/* SPDX-License-Identifier: Apache-2.0 */
/* From a cgroup to one below it, for a process that shall not be counted with the others. */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/layout.h"

#include "base/strv.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool is_meant(const struct cgroup_hierarchy *h, const struct strv *controllers)
{
	if (controllers->len == 0)
		return true;
	for (size_t i = 0; i < controllers->len; i++)
		if (cgroup_list_has(h->controllers, ',', controllers->items[i]) ||
		    (h->is_v2 && controllers->items[i][0] == '\0'))
			return true;
	return false;
}

static bool leaves(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/'))
			return true;
	return false;
}

/* In the words of runc, which scripts look for. */
static int fail_below(const struct cgroup_hierarchy *h, const struct cgroup *cgroup,
		      const char *path, struct err *err)
{
	int errnum = err != NULL ? err->errnum : 0;
	if (errnum != ENOENT)
		return err_context(err, "cgroup %s%s", h->mount_path, cgroup->path);
	return err_set(err, ERR_NOT_FOUND,
		       "adding pid to %s%s/%s/cgroup.procs: no such file or directory",
		       h->mount_path, cgroup->path, path);
}

int cgroup_descend(struct cgroup *cgroup, const char *where, struct err *err)
{
	AUTO(struct strv, strv_done) controllers = { 0 };
	const char *colon = strchr(where, ':');
	const char *path = colon != NULL ? colon + 1 : where;
	bool is_found = false;
	if (colon != NULL) {
		char names[CGROUP_NAME_MAX] = "";
		if ((size_t)(colon - where) < sizeof(names))
			memcpy(names, where, (size_t)(colon - where));
		strv_split(&controllers, names, ',');
	}
	if (leaves(path))
		return err_set(err, ERR_INVALID, "cgroup %s is not a sub cgroup path", path);
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		const struct cgroup_hierarchy *h = &cgroup->layout->hierarchies[i];
		if (cgroup->dir_fds[i] < 0 || !is_meant(h, &controllers))
			continue;
		int fd = rooted_open_nosymlink(cgroup->dir_fds[i], path, O_PATH | O_DIRECTORY, 0,
					       err);
		if (fd < 0)
			return fail_below(h, cgroup, path, err);
		fd_close(&cgroup->dir_fds[i]);
		cgroup->dir_fds[i] = fd;
		is_found = true;
	}
	if (!is_found)
		return err_set(err, ERR_INVALID, "cgroup %s: unknown controller %.*s", where,
			       (int)strcspn(where, ":"), where);
	return 0;
}
