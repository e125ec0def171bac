/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The v1 controllers. Contract of each: struct cgroup_controller.apply. */
#include "kernel/cgroup/control/controller.h"

/** cpu.shares, cpu.cfs_*, cpu.rt_*, cpu.idle */
int cgroup_v1_cpu(const struct cgroup_control *control, const struct cgroup_limits *limits,
		  struct err *err);
/** cpuset.cpus, cpuset.mems */
int cgroup_v1_cpuset(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err);
/** memory.*.limit_in_bytes, memory.swappiness, memory.oom_control */
int cgroup_v1_memory(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err);
/** pids.max */
int cgroup_v1_pids(const struct cgroup_control *control, const struct cgroup_limits *limits,
		   struct err *err);
/** blkio.throttle.*, the weights of BFQ or CFQ */
int cgroup_v1_blkio(const struct cgroup_control *control, const struct cgroup_limits *limits,
		    struct err *err);
/** devices.allow, devices.deny */
int cgroup_v1_devices(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);
/** hugetlb.SIZE.* */
int cgroup_v1_hugetlb(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);
/** net_cls.classid */
int cgroup_v1_net_class(const struct cgroup_control *control, const struct cgroup_limits *limits,
			struct err *err);
/** net_prio.ifpriomap */
int cgroup_v1_net_priority(const struct cgroup_control *control, const struct cgroup_limits *limits,
			   struct err *err);

/**
 * Give a new cpuset its parents' cpus and mems, which the kernel leaves empty, and nothing can
 * run in an empty one. Levels above that are empty get theirs first.
 *
 * @base_fd, @path  the hierarchy's directory is openat(base_fd, path); `mount_len` bytes of path
 *                  are the mount point, which always has cpus and mems
 */
int cgroup_v1_cpuset_inherit(int base_fd, const char *path, size_t mount_len, struct err *err);

/** Let cgroups made later below `dir_fd` inherit by themselves. Best effort. */
void cgroup_v1_cpuset_clone_children(int dir_fd);

/** Ask the freezer. @return 0, or -1 with errno (ENOENT: the cgroup is gone) */
int cgroup_v1_freezer_set(int dir_fd, bool freeze);

/** @return 1 when every process is frozen (or thawed, as asked), 0 not yet, -1 with errno */
int cgroup_v1_freezer_is(int dir_fd, bool frozen);
