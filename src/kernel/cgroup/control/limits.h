/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a control group limits, in OCI's terms, for v1 and v2 alike: the rooms below translate.
 * Source: OCI runtime-spec config-linux.md "Control groups"; cgroups(7);
 * Documentation/admin-guide/cgroup-v2.rst
 */
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An integer that may be absent. */
struct cgroup_value {
	bool is_set;
	int64_t value; /* -1: unlimited, where that makes sense */
};

struct cgroup_device_rule {
	bool allow;
	char type;     /* 'a', 'b' or 'c' */
	int64_t major; /* -1: any */
	int64_t minor; /* -1: any */
	bool read, write, mknod;
};

struct cgroup_throttle { /* io.max and friends; also the weight of one device */
	uint32_t major, minor;
	uint64_t value;
};

struct cgroup_throttles {
	struct cgroup_throttle *items;
	size_t len;
};

struct cgroup_hugetlb {
	char *page_size; /* "2MB" */
	uint64_t limit_bytes;
};

struct cgroup_rdma {
	char *device; /* "mlx5_1" */
	struct cgroup_value handles, objects;
};

struct cgroup_net_priority {
	char *interface;
	uint32_t priority;
};

/* As in Docker and OCI, 0 for memory limits, cpu shares, quota and period is "not set". */
struct cgroup_limits {
	struct {
		struct cgroup_value limit_bytes, reservation_bytes,
			swap_bytes; /* swap: memory+swap */
		struct cgroup_value kernel_tcp_bytes, swappiness;
		bool oom_kill_disabled;
		bool checks_usage; /* refuse a limit below what is used: v1's kernel always does */
	} memory;
	struct {
		struct cgroup_value shares, quota_us, period_us, burst_us;
		struct cgroup_value rt_runtime_us, rt_period_us, idle;
		char *cpus, *mems; /* lists, "0-3,7"; NULL: inherit */
	} cpu;
	struct cgroup_value pids_max; /* <= 0: unlimited */
	struct {
		struct cgroup_value weight, leaf_weight; /* 10-1000 */
		struct cgroup_throttles weight_device, leaf_weight_device;
		struct cgroup_throttles read_bps, write_bps, read_iops, write_iops;
	} io;
	struct cgroup_hugetlb *hugetlb;
	size_t hugetlb_len;
	struct cgroup_rdma *rdma;
	size_t rdma_len;
	struct cgroup_value net_class_id;
	struct cgroup_net_priority *net_priorities;
	size_t net_priorities_len;
	/* In order; for each of read, write and mknod the last match wins; starts from "deny all".
	 * None at all: the devices are left as they are. */
	struct cgroup_device_rule *devices;
	size_t devices_len;
	struct strv unified; /* v2 files: "memory.high=1073741824" */
};

/** Free everything inside. */
void cgroup_limits_done(struct cgroup_limits *limits);

/** @return the kind of the first limit, as "pids": what a container without a control group would
 *  lack; NULL if there is none. Device rules are not one. */
const char *cgroup_limits_any(const struct cgroup_limits *limits);

/** Append a device rule. Absent numbers are -1; access is a subset of "rwm". */
void cgroup_limits_add_device(struct cgroup_limits *limits, bool allow, char type, int64_t major,
			      int64_t minor, const char *access);
