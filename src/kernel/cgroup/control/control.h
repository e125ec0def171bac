/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The control files of one cgroup directory: every write of this folder goes through here. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_control {
	int dir_fd;             /* borrowed, O_PATH */
	bool is_fresh;          /* made just now: every file still has the kernel's default */
	const char *mount_path; /* for messages */
	const char *path;
	const char *controller; /* for messages about a missing file */
	const char *option;     /* the kernel option that gives the controller */
};

#define CGROUP_NUMBER_SIZE 32 /* any 64-bit number, or "max" */

/** Open, one write(2), close. @return 0, or -1 with errno (see cgroup_control_fail) */
int cgroup_control_put(const struct cgroup_control *control, const char *file, const char *value);

/** Say what cgroup_control_put could not do, from errno. A missing file is ERR_UNSUPPORTED with
 *  controller, file and kernel option. @return -1 */
int cgroup_control_fail(const struct cgroup_control *control, const char *file, const char *value,
			struct err *err);

/** cgroup_control_put, with cgroup_control_fail when it fails. */
int cgroup_control_write(const struct cgroup_control *control, const char *file, const char *value,
			 struct err *err);

/** Write a decimal number; -1 stays "-1" (v1). */
int cgroup_control_write_number(const struct cgroup_control *control, const char *file,
				int64_t value, struct err *err);

/** Write a decimal number; a negative one becomes "max" (v2). */
int cgroup_control_write_max(const struct cgroup_control *control, const char *file, int64_t value,
			     struct err *err);

/** @return the same, naming another kernel option where a file is missing */
struct cgroup_control cgroup_control_with(const struct cgroup_control *control, const char *option);

/** @return whether the file is there */
bool cgroup_control_has(const struct cgroup_control *control, const char *file);

/**
 * Read a small file, NUL-terminated, without its last newline; what does not fit is cut off.
 * @return its length, or -1 with errno
 */
long cgroup_control_read(int dir_fd, const char *file, char *out, size_t size);

/** @return the number in a file; 0 when there is none, or "max" */
uint64_t cgroup_control_read_number(int dir_fd, const char *file);

/** @return the number after `key ` at the start of a line of a file; 0 when there is none */
uint64_t cgroup_control_read_key(int dir_fd, const char *file, const char *key);
