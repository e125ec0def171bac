/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* RDMA limits: v1 and v2 have the same file. */
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/limits.h"

/** Write all. ERR_INVALID for what is not the name of a device.
 *  Source: Documentation/admin-guide/cgroup-v1/rdma.rst */
int cgroup_rdma_write(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err);
