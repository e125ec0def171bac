/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A procfs of our own: /proc is never opened by a path that a container could have covered.
 */
#include "base/err.h"

/** A detached procfs of the caller's pid namespace (fsopen), or /proc checked to be a procfs root
 *  where the kernel refuses (user namespaces). @return owned directory fd
 *  Source: fsopen(2), fsmount(2); Linux >= 5.2. Costs about 40 us with its close, no RCU wait */
int procfs_open(struct err *err);

/** /proc/self below it: "thread-self"-free, verified to be procfs. @return owned directory fd */
int procfs_open_self(int proc_fd, struct err *err);

/**
 * Open `path` below a directory of a procfs: no symlink, no mount in between, and procfs at the
 * end. The only way that anything below /proc is opened for writing.
 *
 * @path   relative to `dir_fd`, e.g. "sys/net/ipv4/ip_forward"
 * @flags  open(2) flags; O_CLOEXEC is added
 * @return owned fd, or -1 ERR_SYSTEM (ENOENT, EXDEV: something is mounted there, ...)
 */
int procfs_open_below(int dir_fd, const char *path, int flags, struct err *err);

/** Write `value` with one write(2) to `path`, opened by procfs_open_below. ERR_SYSTEM */
int procfs_write(int dir_fd, const char *path, const char *value, struct err *err);
