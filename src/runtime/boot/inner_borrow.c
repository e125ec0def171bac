/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root of a user namespace may mount sysfs, procfs and mqueue only where it owns the namespace they
 * show, and none that reveals what the host has masked (mount_too_revealing(), EPERM). A container
 * that shares the namespace sees the same in a copy of the host's mount.
 */
#include "runtime/boot/inner_borrow.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

static const struct {
	const char *type, *path;
	enum ns_type shows; /* the copy is the same thing while this is the host's */
	bool always;        /* or is it the best there is? */
} lenders[] = {
	/* Also for a network namespace of our own: all but its devices is the machine's. */
	{ "sysfs", "/sys", NS_NET, true },
	{ "proc", "/proc", NS_PID, false },
	{ "mqueue", "/dev/mqueue", NS_IPC, false },
};

static int copy_of(const char *path, const struct mount_options *options, struct err *err)
{
	AUTO_FD mount_fd = mount_clone(AT_FDCWD, path, true, err);
	if (mount_fd < 0 ||
	    mount_set_attrs_kept(mount_fd, options->attr_set, options->attr_clear, true, err) < 0)
		return -1;
	return fd_take(&mount_fd);
}

int inner_borrow_fs(const struct boot *boot, const struct spec_mount *mount,
		    const struct mount_options *options, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(lenders) && err->errnum == EPERM; i++) {
		if (strcmp(lenders[i].type, mount->type) != 0)
			continue;
		if (!lenders[i].always && boot->spec->namespaces[lenders[i].shows].is_used)
			return err_hint(err,
					"root of a user namespace may not mount a %s where parts "
					"of the one above are masked",
					mount->type);
		int mount_fd = copy_of(lenders[i].path, options, NULL);
		if (mount_fd < 0)
			return err_hint(err, "nor can that of the host be copied, at %s",
					lenders[i].path);
		err_clear(err);
		return mount_fd;
	}
	return -1;
}

int inner_borrow_cgroups(const struct boot *boot, const struct mount_options *options,
			 struct err *err)
{
	const struct spec_namespace *cgroup_ns = &boot->spec->namespaces[NS_CGROUP];
	AUTO_FD root_fd = open(CGROUP_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, "open " CGROUP_ROOT);
	if (cgroup_ns->is_used && mount_fs_magic(root_fd) == CGROUP2_SUPER_MAGIC) {
		int mount_fd = mount_new("cgroup2", "cgroup2", NULL, options->attr_set, 0, NULL);
		if (mount_fd >= 0)
			return mount_fd;
	}
	return copy_of(CGROUP_ROOT, options, err);
}
