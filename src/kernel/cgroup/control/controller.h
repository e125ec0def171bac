/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One kind of limit is one row in the table of each version: v1/table.c and v2/table.c.
 * A row's function writes what `limits` sets and leaves the rest alone; it is called only when
 * cgroup_limits_need says so.
 */
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/limits.h"

enum cgroup_kind {
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_IO,
	CGROUP_DEVICES,
	CGROUP_HUGETLB,
	CGROUP_RDMA,
	CGROUP_NET_CLASS,
	CGROUP_NET_PRIORITY,
	CGROUP_UNIFIED,
	CGROUP_KINDS
};

struct cgroup_controller {
	const char *name;   /* of the kernel's controller: "blkio" */
	const char *option; /* the kernel option that has it: "CONFIG_BLK_CGROUP" */
	bool is_core;       /* v2: works in every cgroup, nothing to enable */
	/* NULL: this version cannot do it */
	int (*apply)(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err);
};

extern const struct cgroup_controller cgroup_v1_controllers[CGROUP_KINDS];
extern const struct cgroup_controller cgroup_v2_controllers[CGROUP_KINDS];

/** @return whether `limits` sets anything of this kind */
bool cgroup_limits_need(const struct cgroup_limits *limits, enum cgroup_kind kind);

/** @return whether the value is set to something other than 0 ("not set" for Docker) */
bool cgroup_value_is_given(struct cgroup_value value);
