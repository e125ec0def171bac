/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The root of a container: becoming "/", /dev, masks and read-only paths.
 * Everything takes the descriptor of the new root; nothing resolves a container path with its
 * symlinks leading outside.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Make `root_fd` (a mount point in our own mount namespace) the root by pivot_root(".", "."),
 * drop the old tree, chdir to "/".
 * Source: pivot_root(2), "pivot_root(".", ".")"
 */
int root_pivot(int root_fd, struct err *err);

/** fchdir + chroot + chdir("/"): works on a detached mount too, so nothing is left on the host. */
int root_chroot(int root_fd, struct err *err);

/**
 * Before root_chroot, in a mount namespace of our own: unmount (or cover, where the kernel forbids
 * that) every procfs and sysfs that is not below root_fd, a mount point of it. Else the container
 * could mount a procfs without masks in a user namespace.
 * @proc_self_fd  /proc/self of a procfs that cannot be covered (procfs_open_self)
 * Source: mount_namespaces(7), "Restrictions on mount namespaces"; statx(2) STATX_MNT_ID
 */
int root_hide_host_trees(int root_fd, int proc_self_fd, struct err *err);

/** Is this descriptor the null device, whatever its node is called? */
bool root_is_null_device(int fd);

/** A node of /dev as mknod makes it. */
struct root_device {
	const char *path; /* container path */
	mode_t mode;      /* S_IFCHR | 0666, ... */
	uint32_t major, minor;
	uid_t uid;
	gid_t gid;
};

/**
 * Make device nodes below root_fd; missing directories are made, symlinks stay inside. With
 * mknodat, or, where the kernel forbids it (user namespace), as an empty file with the host's node
 * bound over it: the node at the same path, else at /dev/char or /dev/block by its numbers, and
 * verified to be that device. So it is called before root_pivot. Modes are not subject to umask.
 *
 * A node that is there and is that device stays as it is. In a user namespace it belongs to the
 * host, and keeps the host's owner and mode.
 * @return 0, or -1: ERR_CONFLICT when something else has the name, ERR_NOT_FOUND when the host has
 *         no such device, ERR_INVALID for a path without a name
 */
int root_make_devices(int root_fd, const struct root_device *devices, size_t len, struct err *err);

/** /dev/null, zero, full, random, urandom, tty: what every container has. */
extern const struct root_device root_default_devices[];
extern const size_t root_default_devices_len;

/** /dev/fd, stdin, stdout, stderr, core, ptmx as symlinks below dev_fd; what is there stays. */
int root_make_dev_links(int dev_fd, struct err *err);

/** What masks are made of; opened before the container's tree is visible. */
struct root_masks {
	int null_fd;      /* a read-only mount of the host's /dev/null, checked to be char 1:3 */
	int empty_mnt_fd; /* a read-only empty tmpfs for directories; made lazily, -1 before */
	bool is_null_attached, is_empty_attached; /* first use attaches, later ones clone */
};

/**
 * Open them, in the mount namespace the container will have, before root_pivot. One struct serves
 * one container: what it holds is attached in its tree by the first root_mask_path.
 */
int root_masks_open(struct root_masks *out, struct err *err);
void root_masks_done(struct root_masks *masks);

/**
 * Hide a path: /dev/null over a file, an empty read-only directory over a directory. A path that
 * does not exist is skipped. Symlinks are not followed out of root_fd.
 */
int root_mask_path(int root_fd, struct root_masks *masks, const char *path, struct err *err);

/** Make the tree at a path read-only (bind on itself, recursive). Missing: skipped. */
int root_readonly_path(int root_fd, const char *path, struct err *err);

/** Open a new pseudo terminal in the devpts mounted at root_fd:/dev/pts.
 *  @return owned master fd; *out_slave_fd the slave, verified to be of that devpts */
int root_open_console(int root_fd, int *out_slave_fd, struct err *err);

/** Bind the slave on /dev/console (an empty file made in our /dev). */
int root_bind_console(int root_fd, int slave_fd, struct err *err);
