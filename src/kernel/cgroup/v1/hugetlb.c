/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Huge pages on v1: usage and, since Linux 5.7, reservations, which are charged earlier.
 * Source: Documentation/admin-guide/cgroup-v1/hugetlb.rst
 */
#include "kernel/cgroup/control/hugetlb.h"
#include "kernel/cgroup/v1/v1.h"

int cgroup_v1_hugetlb(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	static const struct cgroup_hugetlb_files files = { "limit_in_bytes",
							   "rsvd.limit_in_bytes" };
	return cgroup_hugetlb_write(control, limits, &files, err);
}
