/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of another mount namespace's tree. open_tree(2) clones only mounts of the caller's own
 * namespace, so a child enters the other one for the moment of the call.
 */
#include "kernel/mount/mount.h"

#include "kernel/mount/aside.h"
#include "kernel/ns/ns.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <fcntl.h>

struct clone_in {
	int mnt_ns_fd;
	const char *path;
	struct err *err;
	int mount_fd;
};

/* After setns(2) "/" is the root of that namespace: somebody else's tree, so no symlink is
 * followed in it. */
static int clone_there(void *argument)
{
	struct clone_in *job = argument;
	if (ns_join(NS_MOUNT, job->mnt_ns_fd, job->err) < 0)
		return -1;
	AUTO_FD root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD path_fd = rooted_open_nosymlink(root_fd, job->path, O_PATH, 0, job->err);
	if (path_fd < 0)
		return -1;
	job->mount_fd = mount_clone(path_fd, "", false, job->err);
	return job->mount_fd < 0 ? -1 : 0;
}

int mount_clone_in(int mnt_ns_fd, const char *path, struct err *err)
{
	struct clone_in job = { .mnt_ns_fd = mnt_ns_fd, .path = path, .err = err, .mount_fd = -1 };
	return mount_run_aside(clone_there, &job, err) < 0 ? -1 : job.mount_fd;
}
