/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits as plain values: which kinds are asked for, and their memory. Knows no file and no
 * version.
 */
#include "kernel/cgroup/control/limits.h"

#include "base/mem.h"
#include "kernel/cgroup/control/controller.h"

#include <stdlib.h>
#include <string.h>

void cgroup_limits_done(struct cgroup_limits *limits)
{
	free(limits->cpu.cpus);
	free(limits->cpu.mems);
	free(limits->io.weight_device.items);
	free(limits->io.leaf_weight_device.items);
	free(limits->io.read_bps.items);
	free(limits->io.write_bps.items);
	free(limits->io.read_iops.items);
	free(limits->io.write_iops.items);
	for (size_t i = 0; i < limits->hugetlb_len; i++)
		free(limits->hugetlb[i].page_size);
	free(limits->hugetlb);
	for (size_t i = 0; i < limits->rdma_len; i++)
		free(limits->rdma[i].device);
	free(limits->rdma);
	for (size_t i = 0; i < limits->net_priorities_len; i++)
		free(limits->net_priorities[i].interface);
	free(limits->net_priorities);
	free(limits->devices);
	strv_done(&limits->unified);
	*limits = (struct cgroup_limits){ 0 };
}

void cgroup_limits_add_device(struct cgroup_limits *limits, bool allow, char type, int64_t major,
			      int64_t minor, const char *access)
{
	/* Room doubles at each power of two, so that no capacity has to be kept. */
	size_t len = limits->devices_len;
	if ((len & (len - 1)) == 0)
		limits->devices = mem_realloc(limits->devices,
					      (len > 0 ? len * 2 : 1) * sizeof(*limits->devices));
	limits->devices[limits->devices_len++] = (struct cgroup_device_rule){
		.allow = allow,
		.type = type,
		.major = major,
		.minor = minor,
		.read = strchr(access, 'r') != NULL,
		.write = strchr(access, 'w') != NULL,
		.mknod = strchr(access, 'm') != NULL,
	};
}

bool cgroup_value_is_given(struct cgroup_value value)
{
	return value.is_set && value.value != 0;
}

static bool needs_memory(const struct cgroup_limits *l)
{
	return cgroup_value_is_given(l->memory.limit_bytes) ||
	       cgroup_value_is_given(l->memory.reservation_bytes) ||
	       cgroup_value_is_given(l->memory.swap_bytes) ||
	       cgroup_value_is_given(l->memory.kernel_tcp_bytes) || l->memory.swappiness.is_set ||
	       l->memory.oom_kill_disabled;
}

static bool needs_cpu(const struct cgroup_limits *l)
{
	return cgroup_value_is_given(l->cpu.shares) || cgroup_value_is_given(l->cpu.quota_us) ||
	       cgroup_value_is_given(l->cpu.period_us) || l->cpu.burst_us.is_set ||
	       cgroup_value_is_given(l->cpu.rt_runtime_us) ||
	       cgroup_value_is_given(l->cpu.rt_period_us) || l->cpu.idle.is_set;
}

static bool needs_io(const struct cgroup_limits *l)
{
	return cgroup_value_is_given(l->io.weight) || cgroup_value_is_given(l->io.leaf_weight) ||
	       l->io.weight_device.len > 0 || l->io.leaf_weight_device.len > 0 ||
	       l->io.read_bps.len > 0 || l->io.write_bps.len > 0 || l->io.read_iops.len > 0 ||
	       l->io.write_iops.len > 0;
}

bool cgroup_limits_need(const struct cgroup_limits *limits, enum cgroup_kind kind)
{
	switch (kind) {
	case CGROUP_CPU:
		return needs_cpu(limits);
	case CGROUP_CPUSET:
		return limits->cpu.cpus != NULL || limits->cpu.mems != NULL;
	case CGROUP_MEMORY:
		return needs_memory(limits);
	case CGROUP_PIDS:
		return limits->pids_max.is_set;
	case CGROUP_IO:
		return needs_io(limits);
	case CGROUP_DEVICES:
		return limits->devices_len > 0;
	case CGROUP_HUGETLB:
		return limits->hugetlb_len > 0;
	case CGROUP_RDMA:
		return limits->rdma_len > 0;
	case CGROUP_NET_CLASS:
		return cgroup_value_is_given(limits->net_class_id);
	case CGROUP_NET_PRIORITY:
		return limits->net_priorities_len > 0;
	case CGROUP_UNIFIED:
		return limits->unified.len > 0;
	case CGROUP_KINDS:
		break;
	}
	return false;
}

const char *cgroup_limits_any(const struct cgroup_limits *limits)
{
	static const char *const names[] = {
		[CGROUP_CPU] = "cpu",
		[CGROUP_CPUSET] = "cpuset",
		[CGROUP_MEMORY] = "memory",
		[CGROUP_PIDS] = "pids",
		[CGROUP_IO] = "blockIO",
		[CGROUP_DEVICES] = "devices",
		[CGROUP_HUGETLB] = "hugepage",
		[CGROUP_RDMA] = "rdma",
		[CGROUP_NET_CLASS] = "network class",
		[CGROUP_NET_PRIORITY] = "network priority",
		[CGROUP_UNIFIED] = "unified",
	};
	for (enum cgroup_kind kind = 0; kind < CGROUP_KINDS; kind++) {
		bool is_none = kind == CGROUP_DEVICES ||
			       (kind == CGROUP_PIDS && limits->pids_max.value <= 0);
		if (!is_none && cgroup_limits_need(limits, kind))
			return names[kind];
	}
	return NULL;
}
