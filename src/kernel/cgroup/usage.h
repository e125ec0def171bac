/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Everything a cgroup counts, for v1 and v2 alike, in v1's terms: those are what readers of
 * statistics know. What a kernel or a layout does not count is 0 or an empty list.
 * Source: Documentation/admin-guide/cgroup-v1, cgroup-v2.rst
 */
#include "kernel/cgroup/cgroup.h"

struct cgroup_numbers {
	uint64_t *items; /* owned */
	size_t len;
};

struct cgroup_usage_memory {
	uint64_t limit, usage, max, fail_count; /* limit: UINT64_MAX is none (v2) */
};

struct cgroup_usage_pair {
	char *name; /* owned */
	uint64_t value;
};

struct cgroup_usage_io {
	uint64_t major, minor, value;
	char operation[16]; /* "Read", "Write", ...; "": not told */
};

struct cgroup_usage_io_list {
	struct cgroup_usage_io *items; /* owned */
	size_t len;
};

enum cgroup_io_kind {
	CGROUP_IO_SERVICE_BYTES,
	CGROUP_IO_SERVICED,
	CGROUP_IO_QUEUED,
	CGROUP_IO_SERVICE_TIME,
	CGROUP_IO_WAIT_TIME,
	CGROUP_IO_MERGED,
	CGROUP_IO_TIME,
	CGROUP_IO_SECTORS,
	CGROUP_IO_KINDS
};

struct cgroup_usage_huge {
	char page_size[16]; /* "2MB" */
	uint64_t usage, max, fail_count;
};

/** Files of v1's cpuset that hold one number, without "cpuset."; NULL at the end. */
#define CGROUP_CPUSET_WORDS 9
extern const char *const cgroup_cpuset_words[CGROUP_CPUSET_WORDS + 1];

struct cgroup_usage {
	struct {
		uint64_t total_ns, kernel_ns, user_ns;
		struct cgroup_numbers per_cpu_ns, per_cpu_kernel_ns, per_cpu_user_ns;
		uint64_t periods, throttled_periods, throttled_ns;
	} cpu;
	struct {
		struct cgroup_numbers cpus, mems;
		int64_t values[CGROUP_CPUSET_WORDS];
	} cpuset; /* v1 alone has them */
	struct {
		uint64_t cache;
		struct cgroup_usage_memory all, swap, kernel, kernel_tcp; /* swap: with memory */
		struct cgroup_usage_pair *raw;                            /* memory.stat */
		size_t raw_len;
	} memory;
	uint64_t pids, pids_limit; /* limit 0: none */
	struct cgroup_usage_io_list io[CGROUP_IO_KINDS];
	struct cgroup_usage_huge *huge; /* owned */
	size_t huge_len;
};

/** Read all of it. @out  cgroup_usage_done() it. @return 0; -1 when the cgroup is gone */
int cgroup_usage_read(const struct cgroup *cgroup, struct cgroup_usage *out, struct err *err);
void cgroup_usage_done(struct cgroup_usage *usage);
