/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cgroup v2 can limit, by which controller. Devices are a BPF program, which needs no
 * controller; network classes and priorities are not part of v2.
 */
#include "kernel/cgroup/control/rdma.h"
#include "kernel/cgroup/v2/v2.h"

const struct cgroup_controller cgroup_v2_controllers[CGROUP_KINDS] = {
	[CGROUP_CPU] = { "cpu", "CONFIG_CGROUP_SCHED", false, cgroup_v2_cpu },
	[CGROUP_CPUSET] = { "cpuset", "CONFIG_CPUSETS", false, cgroup_v2_cpuset },
	[CGROUP_MEMORY] = { "memory", "CONFIG_MEMCG", false, cgroup_v2_memory },
	[CGROUP_PIDS] = { "pids", "CONFIG_CGROUP_PIDS", false, cgroup_v2_pids },
	[CGROUP_IO] = { "io", "CONFIG_BLK_CGROUP", false, cgroup_v2_io },
	[CGROUP_DEVICES] = { "devices", "CONFIG_CGROUP_BPF", true, cgroup_v2_devices },
	[CGROUP_HUGETLB] = { "hugetlb", "CONFIG_CGROUP_HUGETLB", false, cgroup_v2_hugetlb },
	[CGROUP_RDMA] = { "rdma", "CONFIG_CGROUP_RDMA", false, cgroup_rdma_write },
	[CGROUP_NET_CLASS] = { "net_cls", "CONFIG_CGROUP_NET_CLASSID", false, NULL },
	[CGROUP_NET_PRIORITY] = { "net_prio", "CONFIG_CGROUP_NET_PRIO", false, NULL },
	[CGROUP_UNIFIED] = { "unified", "CONFIG_CGROUPS", true, cgroup_v2_unified },
};
