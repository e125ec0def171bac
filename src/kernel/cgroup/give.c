/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives a cgroup of v2 to whoever is to divide it: the directory, in which children are made, and
 * the files that the kernel says may be given away. All others are the limits of the cgroup itself,
 * and stay with those above.
 * Kernel: any. Source: cgroups(7) "Cgroups delegation", config-linux.md "Cgroup ownership"
 */
#include "base/strv.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DELEGATE_PATH "/sys/kernel/cgroup/delegate"
#define DELEGATE_MAX  4096 /* a page: what a file of sysfs can have */

/* What config-linux.md names for a kernel that does not say it (before 4.15). */
#define DELEGATE_DEFAULT "cgroup.procs\ncgroup.subtree_control\ncgroup.threads"

int cgroup_give(const struct cgroup *cgroup, uid_t owner, struct err *err)
{
	char text[DELEGATE_MAX];
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	if (v2 < 0 || cgroup->dir_fds[v2] < 0)
		return 0;
	int dir_fd = cgroup->dir_fds[v2];
	if (fchownat(dir_fd, "", owner, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return err_sys(err, "give cgroup %s to user %u", cgroup->path, owner);
	bool is_told = cgroup_control_read(AT_FDCWD, DELEGATE_PATH, text, sizeof(text)) > 0;
	AUTO(struct strv, strv_done) files = { 0 };
	strv_split(&files, is_told ? text : DELEGATE_DEFAULT, '\n');
	/* Those of controllers that are not enabled here are missing. */
	for (size_t i = 0; i < files.len; i++)
		if (fchownat(dir_fd, files.items[i], owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT)
			return err_sys(err, "give %s of cgroup %s to user %u", files.items[i],
				       cgroup->path, owner);
	return 0;
}
