/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Huge pages on v2: usage and, since Linux 5.7, reservations, which are charged earlier.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "HugeTLB"
 */
#include "kernel/cgroup/control/hugetlb.h"
#include "kernel/cgroup/v2/v2.h"

int cgroup_v2_hugetlb(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	static const struct cgroup_hugetlb_files files = { "max", "rsvd.max" };
	return cgroup_hugetlb_write(control, limits, &files, err);
}
