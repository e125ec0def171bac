/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One control group in whatever the host has: v2, v1, or the hybrid of both. The caller names a
 * path; every hierarchy that is there gets a directory of that name, held open by descriptor.
 * Kernel waits that are avoided on purpose are written at the functions.
 */
#include "base/err.h"
#include "kernel/cgroup/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_HIERARCHIES_MAX 16

enum cgroup_mode {
	CGROUP_NONE,   /* nothing is mounted, or we may not write there */
	CGROUP_V2,     /* one unified tree */
	CGROUP_V1,     /* controllers on v1 trees only */
	CGROUP_HYBRID, /* controllers on v1 trees, and a v2 tree for cgroup.kill, hugetlb, ... */
};

struct cgroup_hierarchy {
	char name[64];	      /* as mounted: "cpu,cpuacct", "systemd"; "unified" for v2 in hybrid */
	char controllers[64]; /* "cpu,cpuacct"; "name=systemd"; "" for v2 */
	char mount_path[96];  /* "/sys/fs/cgroup/memory" */
	char self_path[256];  /* our own cgroup in it, "/" = the root */
	bool is_v2;
};

struct cgroup_layout {
	enum cgroup_mode mode;
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	size_t len;
};

/** Find out what is mounted. Reads one small proc file and, only for unusual mount points,
 *  mountinfo. */
int cgroup_layout_detect(struct cgroup_layout *out, struct err *err);

struct cgroup {
	const struct cgroup_layout *layout; /* borrowed */
	char path[256];			    /* below each hierarchy's mount point, starts with '/' */
	int dir_fds[CGROUP_HIERARCHIES_MAX]; /* owned; -1 where that hierarchy was left out */
	bool is_made[CGROUP_HIERARCHIES_MAX]; /* we made it (and remove it) */
};

/**
 * Make the directories (and parents). On v2 the controllers that `limits` needs are enabled on
 * the way down. v1 cpuset gets its parent's cpus and mems. On failure nothing made here stays.
 * ERR_CONFLICT when the cgroup exists and has processes.
 */
int cgroup_create(const struct cgroup_layout *layout, const char *path,
		  const struct cgroup_limits *limits, struct cgroup *out, struct err *err);

/** Open an existing one (for kill, stats, update, remove). Missing directories are -1. */
int cgroup_open(const struct cgroup_layout *layout, const char *path, struct cgroup *out,
		struct err *err);

/** Close the descriptors. */
void cgroup_done(struct cgroup *cgroup);

/**
 * Write the limits, devices included (v1 files or the v2 BPF program). The error names the file
 * and the value. Swap limits on a kernel without swap accounting are one warning.
 */
int cgroup_apply(const struct cgroup *cgroup, const struct cgroup_limits *limits, struct err *err);

/** v2: directory fd for CLONE_INTO_CGROUP (borrowed). v1, hybrid: -1, use cgroup_join_self. */
int cgroup_clone_fd(const struct cgroup *cgroup);

/**
 * Move the calling single-threaded process into every hierarchy that cgroup_clone_fd did not
 * cover. v1: writes "0" to `tasks`, which does not wait for an RCU grace period as `cgroup.procs`
 * does (55 us against 3-11 ms).
 */
int cgroup_join_self(const struct cgroup *cgroup, struct err *err);

/** Move another process in (exec into a container, adoption). */
int cgroup_join_pid(const struct cgroup *cgroup, pid_t pid, struct err *err);

/** SIGKILL everything inside, also what is forked meanwhile: cgroup.kill, or freeze + signal. */
int cgroup_kill(const struct cgroup *cgroup, struct err *err);

/** Freeze or thaw everything inside and wait until the kernel says so (at most 10 s). */
int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct err *err);

/** Number of processes inside, descendants included; -1 on error. */
long cgroup_count(const struct cgroup *cgroup, struct err *err);

/**
 * Remove the directories with everything below (cgroups that the container made). Waits for dying
 * processes, at most `timeout_ms`. Already gone is success.
 */
int cgroup_remove(const struct cgroup *cgroup, unsigned timeout_ms, struct err *err);

struct cgroup_stats {
	uint64_t memory_bytes, memory_peak_bytes, memory_limit_bytes; /* 0: unknown */
	uint64_t cpu_ns, pids, pids_limit;
	uint64_t oom_kills;
};

/** Best effort: what cannot be read is 0. */
void cgroup_read_stats(const struct cgroup *cgroup, struct cgroup_stats *out);

/** One mount of the view a container has of its own cgroup below /sys/fs/cgroup. */
struct cgroup_view_mount {
	char name[64]; /* directory below /sys/fs/cgroup; "" is /sys/fs/cgroup itself (v2) */
	int dir_fd;    /* borrowed: bind this directory, read-only */
};

/** The binds that make the view (v1: under a tmpfs; v2: one). @return how many */
size_t cgroup_view(const struct cgroup *cgroup,
		   struct cgroup_view_mount out[CGROUP_HIERARCHIES_MAX]);
