/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How the readers of both versions take numbers out of control files. */
#include "base/buf.h"
#include "kernel/cgroup/usage.h"

/** The text of a control file; empty when it is not there. */
void cgroup_count_text(int dir_fd, const char *file, struct buf *out);

/** The number in a file: 0 when there is none, UINT64_MAX for "max". */
uint64_t cgroup_count_number(int dir_fd, const char *file);

/** Every number of a text, divided by white space. */
void cgroup_count_numbers(const char *text, struct cgroup_numbers *out);

/** The numbers that a list like "0-3,7" names. */
void cgroup_count_list(const char *text, struct cgroup_numbers *out);
void cgroup_count_add(struct cgroup_numbers *list, uint64_t value);

/** memory.stat */
void cgroup_count_pairs(int dir_fd, const char *file, struct cgroup_usage *out);

/** @return value of a pair; 0 when there is none of that name */
uint64_t cgroup_count_find(const struct cgroup_usage *usage, const char *name);

/** Append a copy of a row. */
void cgroup_count_add_io(struct cgroup_usage_io_list *list, const struct cgroup_usage_io *item);

/**
 * The page sizes of the huge pages a directory counts, each as a row with only its name.
 * @suffix  of the files that show them: "usage_in_bytes"
 */
void cgroup_count_page_sizes(int dir_fd, const char *suffix, struct cgroup_usage *out);

/** Number in the file "hugetlb.SIZE.SUFFIX". */
uint64_t cgroup_count_huge(int dir_fd, const char *page_size, const char *suffix);

/** What each tree of the layout counts. `dir_fd` is -1 where there is none. */
struct cgroup_count_dirs {
	int cpu, cpuacct, cpuset, memory, pids, blkio, hugetlb; /* of v1 */
};
void cgroup_v1_usage(const struct cgroup_count_dirs *dirs, struct cgroup_usage *out);

/** What v1 does not count, v2 does. @dirs  the v1 trees that are there */
void cgroup_v2_usage(int dir_fd, const struct cgroup_count_dirs *dirs, struct cgroup_usage *out);
