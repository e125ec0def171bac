/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Huge page limits: the versions differ in the names of the files alone. */
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/limits.h"

struct cgroup_hugetlb_files {
	const char *limit;       /* behind "hugetlb.<size>." */
	const char *reservation; /* the same for reserved pages; may be missing (Linux < 5.7) */
};

/** Write all. ERR_INVALID for a page size that is not like "2MB". */
int cgroup_hugetlb_write(const struct cgroup_control *control, const struct cgroup_limits *limits,
			 const struct cgroup_hugetlb_files *files, struct err *err);
