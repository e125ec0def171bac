/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mounts as objects: made detached, given their attributes, then attached by descriptor. No string
 * of a container's tree is ever resolved by mount(2).
 * Source: fsopen(2), fsmount(2), open_tree(2), move_mount(2), mount_setattr(2); Linux >= 5.2, with
 * mount_setattr from 5.12 (below: a remount through /proc/self/fd).
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define MOUNT_PROPAGATIONS_MAX 8

/** What fstab-like options mean to the kernel. kernel/mount/options.c parses them. */
struct mount_options {
	uint64_t attr_set, attr_clear;         /* MOUNT_ATTR_* of this mount */
	uint64_t rec_attr_set, rec_attr_clear; /* the same for the whole tree (rro, rnosuid, ...) */
	unsigned long sb_flags; /* MS_RDONLY, MS_SYNCHRONOUS, ... of the super block */
	unsigned long sb_clear; /* the same, to be cleared */
	bool is_bind, is_recursive, is_remount;
	/* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, each perhaps with MS_REC: in this order.
	 */
	unsigned long propagation[MOUNT_PROPAGATIONS_MAX];
	size_t propagation_len;
	bool idmap, idmap_recursive; /* "idmap"; "ridmap" sets both */
	char *idmap_words;           /* "uids=0-1-10;gids=..." of "idmap=..."; NULL: none */
	bool tmpcopyup;              /* a tmpfs starts with what the image has there */
	bool src_nofollow, dest_nofollow;
	bool copy_symlink; /* a source that is a symlink is made again, not mounted */
	struct strv data;  /* what is left: file system options "mode=755", "size=64k" */
};

/** Free what is inside, and zero it. */
void mount_options_done(struct mount_options *options);

/**
 * Parse a list of options; a later word overrides an earlier one. Unknown words go to `data`, as
 * mount(8) does, and as there a comma separates two of them unless it is escaped or quoted.
 * @return 0; -1 with ERR_INVALID for words that contradict each other ("idmap" with "ridmap",
 *         "bind" with "tmpcopyup") or too many kinds of propagation
 */
int mount_options_parse(const struct strv *words, struct mount_options *out, struct err *err);

/** The words mount_options_parse knows, in alphabetical order; NULL after the last. */
const char *mount_option_word(size_t index);

/**
 * A new mount of a file system, detached. Read-only (MS_RDONLY) stays a matter of `attrs` alone for
 * file systems whose super block others share (proc, sysfs, mqueue, cgroup).
 * @source  as the file system wants it; NULL for none
 * @data    "key=value" or "flag" words
 * @return  owned mount fd; the error carries the kernel's own text (fscontext log) where it has one
 */
int mount_new(const char *fstype, const char *source, const struct strv *data, uint64_t attrs,
	      unsigned long sb_flags, struct err *err);

/*
 * The same in steps, for file systems configured by more than words: a configuration context (owned
 * fd), its creation and mount (owned fd), and the kernel's log appended to an error.
 */
int mount_open_fs(const char *fstype, struct err *err);
int mount_create(int fs_fd, const char *fstype, uint64_t attrs, struct err *err);
void mount_explain(int fs_fd, struct err *err);

/** Change a mounted file system's super-block flags and data ("remount" without "bind"). */
int mount_reconfigure(int mount_fd, const struct mount_options *options, struct err *err);

/**
 * A detached copy of the tree at the host path `path`, relative to dir_fd; "" is dir_fd itself.
 * Symlinks are followed: for "src-nofollow" open it with O_PATH | O_NOFOLLOW and pass that and "".
 * The descriptor must be of the calling mount namespace (a detached one: Linux 6.15).
 * @return owned mount fd, or -1 with errno kept
 */
int mount_clone(int dir_fd, const char *path, bool recursive, struct err *err);

/**
 * The same for a path in another mount namespace (a container's): no symlink in it is followed.
 * @return owned mount fd that can be attached in the caller's namespace or a child's
 */
int mount_clone_in(int mnt_ns_fd, const char *path, struct err *err);

/**
 * Set and clear MOUNT_ATTR_* on a detached or attached mount; recursive for the whole tree. Below
 * Linux 5.12 an attached tree as a whole is ERR_UNSUPPORTED.
 */
int mount_set_attrs(int mount_fd, uint64_t set, uint64_t clear, bool recursive, struct err *err);

/**
 * The same, where a user namespace has locked what the mount came with: that stays as it is, and
 * only what takes rights away is set. A mount that nothing is locked of is as with mount_set_attrs.
 */
int mount_set_attrs_kept(int mount_fd, uint64_t set, uint64_t clear, bool recursive,
			 struct err *err);

/** Idmap a detached mount by a user namespace. ERR_UNSUPPORTED names the file system. */
int mount_set_idmap(int mount_fd, int userns_fd, bool recursive, struct err *err);

/** Change propagation (MS_*) of a mount. */
int mount_set_propagation(int mount_fd, unsigned long propagation, bool recursive, struct err *err);

/** Attach a detached mount on the directory or file `target_fd` (O_PATH). The type must match. */
int mount_attach(int mount_fd, int target_fd, struct err *err);

/** Make the whole tree of the calling mount namespace private, slave or shared. */
int mount_change_all(unsigned long propagation, struct err *err);

/**
 * Copy what is in the directory `from_fd` (O_PATH will do) into the empty directory `to_fd`:
 * contents, owners, modes, times, extended attributes where the target has them. Mounts below
 * are not entered; names of one file become files of their own. The directories themselves keep
 * their owner and mode. For "tmpcopyup".
 * @return 0, or -1: ERR_SYSTEM naming the file (ENOSPC), ERR_INVALID for more than 128 levels
 */
int mount_copy_up(int from_fd, int to_fd, struct err *err);

/** Detach what is mounted at a host path (MNT_DETACH); a symlink as its last part is an error. */
int mount_detach(const char *path, struct err *err);

/** Unmount what is mounted at a host path; a symlink as its last part is an error. ERR_CONFLICT
 *  while it is in use. Source: umount2(2) */
int mount_unmount(const char *path, struct err *err);

/** The id of the mount that an fd is on, attached or not, as mountinfo has it (Linux >= 5.8).
 *  @return 0 or -1 */
int mount_id(int fd, uint64_t *out, struct err *err);

/** @return 1 if two fds are on the same mount, 0 if not, -1 (statx mount id, Linux >= 5.8) */
int mount_same(int fd_a, int fd_b, struct err *err);

/** Super-block type as statfs(2) has it, -1 with errno on error. */
long mount_fs_magic(int fd);
