/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cgroup v1 can limit, by which controller. A controller may sit on a tree of its own or
 * share one ("cpu,cpuacct"); the floor above finds the tree.
 */
#include "kernel/cgroup/control/rdma.h"
#include "kernel/cgroup/v1/v1.h"

const struct cgroup_controller cgroup_v1_controllers[CGROUP_KINDS] = {
	[CGROUP_CPU] = { "cpu", "CONFIG_CGROUP_SCHED", false, cgroup_v1_cpu },
	[CGROUP_CPUSET] = { "cpuset", "CONFIG_CPUSETS_V1", false, cgroup_v1_cpuset },
	[CGROUP_MEMORY] = { "memory", "CONFIG_MEMCG_V1", false, cgroup_v1_memory },
	[CGROUP_PIDS] = { "pids", "CONFIG_CGROUP_PIDS", false, cgroup_v1_pids },
	[CGROUP_IO] = { "blkio", "CONFIG_BLK_CGROUP", false, cgroup_v1_blkio },
	[CGROUP_DEVICES] = { "devices", "CONFIG_CGROUP_DEVICE", false, cgroup_v1_devices },
	[CGROUP_HUGETLB] = { "hugetlb", "CONFIG_CGROUP_HUGETLB", false, cgroup_v1_hugetlb },
	[CGROUP_RDMA] = { "rdma", "CONFIG_CGROUP_RDMA", false, cgroup_rdma_write },
	[CGROUP_NET_CLASS] = { "net_cls", "CONFIG_CGROUP_NET_CLASSID", false, cgroup_v1_net_class },
	[CGROUP_NET_PRIORITY] = { "net_prio", "CONFIG_CGROUP_NET_PRIO", false,
				  cgroup_v1_net_priority },
	[CGROUP_UNIFIED] = { NULL, NULL, false, NULL },
};
