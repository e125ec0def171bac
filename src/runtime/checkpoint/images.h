/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The directories of a checkpoint: the images, and where CRIU works and writes its log. */
#include "base/err.h"
#include "base/strv.h"
#include "runtime/checkpoint/options.h"

#include <sys/types.h>

struct images {
	int image_fd;
	int work_fd; /* -1: the same */
	bool is_mapped;
};
#define IMAGES_INIT                                                                                \
	{                                                                                          \
		.image_fd = -1, .work_fd = -1                                                      \
	}

/**
 * Open them. The work directory is made if it is missing; so is the images', by who `makes` them.
 * @return 0; -1 ERR_SYSTEM, or ERR_INVALID about parent_path
 */
int images_open(const struct checkpoint_options *options, bool makes, struct images *out,
		struct err *err);
void images_close(struct images *images);

/** Make the descriptors, whose numbers stay, those of the mount namespace that the process is in:
 *  CRIU mounts something in its work directory, which has to be in its own. @return 0; -1 */
int images_enter(const struct images *images, pid_t pid, struct err *err);

/** Put the first error of CRIU's log, and where the log is, into an error that CRIU is the reason
 *  of. @return -1 */
int images_explain(const struct images *images, const struct checkpoint_options *options,
		   const char *log_name, struct err *err);

/**
 * A container's own root, which is `uid` and `gid` on the host, reads some of the images itself: to
 * it they shall look like its own, while their owner on disk stays. Where the file system knows no
 * mounts with mapped ids nothing changes. Call it before images_enter().
 */
void images_map_root(struct images *images, uid_t uid, gid_t gid);

/**
 * Write down what the first process has as 0, 1 and 2 ("pipe:[123]"): pipes of the caller's, in
 * whose place a restore puts its own.
 * @pids  all processes of the container: a pipe whose other end one of them has is its own, and
 *        left out. NULL: unknown
 */
int images_save_stdio(const struct images *images, pid_t pid, const pid_t *pids, size_t pids_len,
		      struct err *err);

/** The same read: 3 words. @return 0; -1 ERR_NOT_FOUND, ERR_INVALID */
int images_read_stdio(const struct images *images, struct strv *out, struct err *err);
