/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that makes containers: its own processes are in the root of its cgroup namespace,
 * which therefore cannot have limited children. They move aside, into a cgroup of their own. Whose
 * processes they are does not matter: all are of this one container, and what limits the root
 * limits them below it, too.
 */
#include "kernel/cgroup/evacuate.h"

#include "kernel/cgroup/control/control.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ROUNDS_MAX 64

bool cgroup_is_namespace_root(const struct cgroup_hierarchy *hierarchy)
{
	const char *self = hierarchy->self_path;
	return hierarchy->is_v2 &&
	       (strcmp(self, "/") == 0 || strcmp(self, "/" CGROUP_EVACUATED_NAME) == 0);
}

/* The pids of one reading of cgroup.procs, one a line; the last may be cut off. */
static int move_all(const struct cgroup_control *to, char *pids)
{
	char *next = pids;
	for (char *pid; (pid = strsep(&next, "\n")) != NULL && next != NULL;) {
		if (strcmp(pid, "0") == 0) {
			errno = EBUSY;
			return -1;
		}
		if (cgroup_control_put(to, "cgroup.procs", pid) < 0 && errno != ESRCH)
			return -1;
	}
	return 0;
}

int cgroup_evacuate(int dir_fd)
{
	if (mkdirat(dir_fd, CGROUP_EVACUATED_NAME, 0755) < 0 && errno != EEXIST)
		return -1;
	AUTO_FD init_fd = openat(dir_fd, CGROUP_EVACUATED_NAME,
				 O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (init_fd < 0)
		return -1;
	struct cgroup_control to = { .dir_fd = init_fd };
	for (int round = 0; round < ROUNDS_MAX; round++) {
		char pids[4096];
		long len = cgroup_control_read(dir_fd, "cgroup.procs", pids, sizeof(pids) - 1);
		if (len <= 0)
			return (int)len;
		/* The newline that reading took off: only a full buffer ends in a cut pid. */
		if (len < (long)sizeof(pids) - 2)
			memcpy(pids + len, "\n", 2);
		if (move_all(&to, pids) < 0)
			return -1;
	}
	errno = EBUSY;
	return -1;
}
