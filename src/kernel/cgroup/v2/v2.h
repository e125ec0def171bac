/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The v2 controllers. Contract of each: struct cgroup_controller.apply. */
#include "kernel/cgroup/control/controller.h"

/** cpu.weight, cpu.max, cpu.max.burst, cpu.idle */
int cgroup_v2_cpu(const struct cgroup_control *control, const struct cgroup_limits *limits,
		  struct err *err);
/** cpuset.cpus, cpuset.mems */
int cgroup_v2_cpuset(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err);
/** memory.max, memory.swap.max, memory.low */
int cgroup_v2_memory(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err);
/** pids.max */
int cgroup_v2_pids(const struct cgroup_control *control, const struct cgroup_limits *limits,
		   struct err *err);
/** io.max, io.weight, io.bfq.weight */
int cgroup_v2_io(const struct cgroup_control *control, const struct cgroup_limits *limits,
		 struct err *err);
/** the BPF program (v2/device_bpf.h) */
int cgroup_v2_devices(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);
/** hugetlb.SIZE.* */
int cgroup_v2_hugetlb(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);
/** any file by its own name */
int cgroup_v2_unified(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);

/**
 * The controller a unified assignment needs: "memory" of "memory.high=1". ERR_INVALID for a key
 * with "/" or without a dot, and for the files that are actions on the cgroup ("cgroup.procs").
 * `out` is "" for the core files (cgroup.max.depth and the like).
 */
int cgroup_v2_unified_controller(const char *assignment, char out[32], struct err *err);

/** cpu.weight (1-10000) for OCI's shares (2-262144). */
uint64_t cgroup_v2_weight_of_shares(int64_t shares);

/** io.weight (1-10000) for OCI's block I/O weight (10-1000). */
uint64_t cgroup_v2_weight_of_blkio(uint64_t weight);

/**
 * memory.swap.max for OCI's limits.
 * @memory, @memory_and_swap  bytes, negative: unlimited
 * @return bytes, -1 for unlimited, -2 when the two make no sense together
 */
int64_t cgroup_v2_swap_max(int64_t memory, int64_t memory_and_swap);

/** Ask for a freeze. @return 0, or -1 with errno (ENOENT: the cgroup is gone) */
int cgroup_v2_freezer_set(int dir_fd, bool freeze);

/** @return 1 when all is frozen (or thawed, as asked), 0 not yet, -1 with errno */
int cgroup_v2_freezer_is(int dir_fd, bool frozen);
