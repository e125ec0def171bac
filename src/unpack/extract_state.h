/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the extraction share. */
#include "base/buf.h"
#include "base/strv.h"
#include "unpack/extract.h"

#include <stdbool.h>
#include <sys/stat.h>

/** A directory whose times are set when nothing changes it any more. */
struct extract_dir {
	struct timespec mtime;
	size_t path;      /* offset in dir_paths */
	size_t acl;       /* its default ACL in dir_paths: would leak into files made later */
	uint32_t acl_len; /* 0: none */
};

struct extract {
	struct extract_options options;
	struct extract_totals totals;

	/* The parent of the last entry: archives go directory by directory. */
	struct buf parent_key;  /* as the entry had it, clean */
	struct buf parent_path; /* where it really is: no symlinks */
	int parent_fd;          /* -1: nothing cached */
	bool is_parent_setgid;

	struct strv opaque; /* real paths whose lower content is hidden */
	bool is_root_opaque;

	/* What is to be held against the layers below when they are looked at for the first time,
	 * or at the end (lower_settle): whiteouts that were made but may hide nothing, directories
	 * that are opaque if there is something to hide. */
	struct strv new_whiteouts, new_opaque;
	size_t new_bytes; /* of these paths */
	bool has_root_entry;

	struct extract_dir *dirs;
	size_t dirs_len, dirs_capacity;
	struct buf dir_paths;
};

/* resolve.c */

/**
 * Make `parent_fd` and `parent_path` those of the directory `len` bytes of the clean path `path`
 * name. Symlinks (of this layer and of those below) are followed inside the root; directories
 * that this layer implies are made as the layers below have them.
 */
int extract_enter(struct extract *extract, const char *path, size_t len, struct err *err);

/** Forget the cached parent: something on the way may have been replaced. */
void extract_leave(struct extract *extract);

/** Real path of `name` in the current parent, in `out`. */
void extract_real_path(const struct extract *extract, const char *name, struct buf *out);

/** Is this the 0:0 device that overlayfs takes for "deleted"? */
bool extract_is_whiteout(const struct stat *st);

/* lower.c */

/**
 * Look up a real path in the layers below. This may wait until they are complete.
 * @out_fd  owned, as below_open() has it
 * @return 1; 0: not there, hidden by this layer, or there are none; -1
 */
int lower_open(struct extract *extract, const char *real_path, struct stat *out, int *out_fd,
	       struct err *err);

/** Is there, for all this layer knows, something below that it could hide at this path? */
bool lower_may_have(const struct extract *extract, const char *real_path);

/** What was left open until the layers below are looked at: now. */
int lower_settle(struct extract *extract, struct err *err);

/** Leave it open whether the whiteout `real_path`, or the opaque directory, hides anything. */
int lower_defer(struct extract *extract, struct strv *list, const char *real_path, struct err *err);

/** Bring one file up with everything it has: a hard link of this layer points at it. */
int lower_copy_up(struct extract *extract, const char *name, struct err *err);

/** Give the new directory `name` in `parent_fd` what the one below (open for reading) has. */
int lower_copy_dir(struct extract *extract, int lower_dir_fd, int parent_fd, const char *name,
		   const char *real_path, struct err *err);

/* attr.c */

/** Owner and permission bits of a fresh object; `is_plain` skips what creation has done. */
int attr_set_fd(int fd, const struct tar_entry *entry, bool is_plain, struct err *err);

/** Extended attributes that a layer may carry; others are left out. */
int attr_set_xattrs(int fd, const struct tar_entry *entry, struct err *err);
int attr_copy_xattrs(int from_fd, int to_fd, struct err *err);

/** Remember times (and the default ACL, NULL for none) of a directory for the end. */
int attr_defer_dir(struct extract *extract, const char *real_path, const struct timespec *mtime,
		   const struct tar_xattr *acl, struct err *err);

/** The same with the default ACL of the directory it is copied from. */
int attr_defer_copied_dir(struct extract *extract, const char *real_path,
			  const struct timespec *mtime, int from_fd, struct err *err);

/** The entry's default ACL, or NULL. */
const struct tar_xattr *attr_default_acl(const struct tar_entry *entry);
int attr_set_dirs(struct extract *extract, struct err *err);

/* whiteout.c */

/** @return 1 if the name was a whiteout or other AUFS mark and is dealt with, 0, or -1 */
int whiteout_apply(struct extract *extract, const char *name, struct err *err);
int whiteout_hide_root(struct extract *extract, struct err *err);

/** Hide what the layers below have at this directory of ours, if they have something. */
int whiteout_make_opaque(struct extract *extract, const char *real_path, struct err *err);

/* keep.c */

/** Tell the recipe what is at `name` in the current parent, which is about to go. */
int extract_keep(const struct extract *extract, const char *name, struct err *err);

/* whiteout.c */

/** Remove whatever this layer put at `name` in the current parent. */
int extract_clear(struct extract *extract, const char *name, struct err *err);
