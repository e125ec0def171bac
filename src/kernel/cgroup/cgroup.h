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
#define CGROUP_NAME_MAX        128 /* all controllers of Linux in one name are 90 */
#define CGROUP_PATH_MAX        512

enum cgroup_mode {
	CGROUP_NONE,   /* nothing is mounted, or we may not write there */
	CGROUP_V2,     /* one unified tree */
	CGROUP_V1,     /* controllers on v1 trees only */
	CGROUP_HYBRID, /* controllers on v1 trees, and a v2 tree for cgroup.kill, hugetlb, ... */
};

struct cgroup_hierarchy {
	char name[CGROUP_NAME_MAX];        /* "cpu,cpuacct", "systemd"; v2: "unified" in hybrid */
	char controllers[CGROUP_NAME_MAX]; /* "cpu,cpuacct"; "name=systemd"; "" for v2 */
	char mount_path[CGROUP_PATH_MAX];  /* "/sys/fs/cgroup/memory" */
	char self_path[CGROUP_PATH_MAX];   /* our own cgroup in it, "/" = the root */
	bool is_v2;
};

struct cgroup_layout {
	enum cgroup_mode mode;
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	size_t len;
};

/**
 * Find out what is mounted. Reads one small proc file and, only for unusual mount points,
 * mountinfo. Hierarchies that are mounted read-only, or where the caller may make no cgroup (in
 * the root, in its own cgroup or above, in its systemd user session, or on the way to `wanted`),
 * are left out.
 *
 * @wanted  the cgroup that all is about, as in cgroup_create; NULL: none yet
 * @return 0, also with CGROUP_NONE; -1 with ERR_SYSTEM (no /proc) or ERR_INVALID (names or paths
 *         longer than the maxima above, more than CGROUP_HIERARCHIES_MAX hierarchies); then *out
 *         is filled in part and not to be used
 * Source: cgroups(7), proc_pid_cgroup(5)
 */
int cgroup_layout_detect(const char *wanted, struct cgroup_layout *out, struct err *err);

/**
 * Where a caller without rights of its own may make a cgroup `name` and move into it: at the top of
 * the tree (a delegated one), beside its own cgroup, or below that.
 * @return true with the path for cgroup_create(); false: nowhere
 * Source: cgroups(7) "Delegation containment rules"
 */
bool cgroup_find_place(const struct cgroup_layout *layout, const char *name,
		       char out_path[CGROUP_PATH_MAX]);

struct cgroup {
	const struct cgroup_layout *layout; /* borrowed */
	char path[CGROUP_PATH_MAX]; /* below each hierarchy's mount point, starts with '/' */
	int dir_fds[CGROUP_HIERARCHIES_MAX];  /* owned, O_PATH; -1 where there is no directory */
	bool is_made[CGROUP_HIERARCHIES_MAX]; /* we made it (and remove it) */
};

/**
 * Make the directories (and parents). On v2 the controllers that `limits` needs are enabled on
 * the way down (and cpu, memory and pids where they are, for the statistics). v1 cpuset gets its
 * parent's cpus and mems. On failure nothing made here stays. An empty cgroup that exists is
 * taken as it is, but thawed (`is_made` false). Inside a cgroup namespace (v2), processes in its
 * root move to a cgroup "init" below it when the root has to pass on a controller.
 *
 * @path   relative to each mount point: starts with '/', no "..", "." or empty component
 * @return 0; -1 with ERR_INVALID (path), ERR_CONFLICT (exists and has processes; or, on v2, a
 *         parent that must pass on a controller has processes of its own), ERR_UNSUPPORTED (no
 *         hierarchy, or a controller that `limits` needs is missing) or ERR_SYSTEM
 */
int cgroup_create(const struct cgroup_layout *layout, const char *path,
		  const struct cgroup_limits *limits, struct cgroup *out, struct err *err);

/**
 * The same in two steps, for a caller that has something better to do than to wait: cgroup_begin
 * makes what a clone goes into, which is the v2 tree (and on v2 all there is); cgroup_complete adds
 * the v1 trees, while the clone is at work already, and before cgroup_join_self. The conflict with
 * somebody else's processes is found by whichever meets them. A failed cgroup_complete leaves what
 * cgroup_begin has made. Errors as cgroup_create.
 */
int cgroup_begin(const struct cgroup_layout *layout, const char *path,
		 const struct cgroup_limits *limits, struct cgroup *out, struct err *err);
int cgroup_complete(struct cgroup *cgroup, struct err *err);

/**
 * Take over a cgroup that somebody else (systemd) made around the process `pid`: make it in the
 * hierarchies that were left out, move the process into that of v2 if it is one of them, and enable
 * on v2 what `limits` needs besides. The process joins those of v1 by cgroup_join_self.
 *
 * @return as cgroup_create, but that processes in it are no error
 */
int cgroup_adopt(const struct cgroup_layout *layout, const char *path,
		 const struct cgroup_limits *limits, pid_t pid, struct cgroup *out,
		 struct err *err);

/**
 * Open an existing one (for kill, stats, update, remove). Missing directories are -1; that all
 * are missing is no error here.
 *
 * @return 0; -1 with ERR_INVALID (path) or ERR_SYSTEM
 */
int cgroup_open(const struct cgroup_layout *layout, const char *path, struct cgroup *out,
		struct err *err);

/**
 * Go on to an existing cgroup below: in all hierarchies, or in those of some controllers.
 * @where  "path" or "cpu,memory:path"; the others stay where they are
 * @return 0; -1 ERR_INVALID (no such controller), ERR_SYSTEM (no such directory)
 */
int cgroup_descend(struct cgroup *cgroup, const char *where, struct err *err);

/** Close the descriptors. */
void cgroup_done(struct cgroup *cgroup);

/**
 * Write the limits, devices included (v1 files or the v2 BPF program). The error names the file
 * and the value, and for a missing file the controller and the kernel option. Swap limits on a
 * kernel without swap accounting are one warning. Also for updates: what `limits` leaves out
 * stays as it is; device rules are replaced without a moment in which the old and the new are
 * both absent.
 */
int cgroup_apply(const struct cgroup *cgroup, const struct cgroup_limits *limits, struct err *err);

/** If `limits` has a quota of processor time without a period, or the other way round, add the one
 *  that the cgroup has now (no quota: -1). What cannot be read stays away. */
void cgroup_complete_bandwidth(const struct cgroup *cgroup, struct cgroup_limits *limits);

/**
 * v2 and hybrid: the v2 directory for CLONE_INTO_CGROUP (borrowed), because a later write to
 * `cgroup.procs` waits for an RCU grace period. v1: -1. Call cgroup_join_self in the child in
 * any case: it does what is left. Where clone3 is missing, cgroup_join_pid(cgroup, 0) in the
 * child does all.
 */
int cgroup_clone_fd(const struct cgroup *cgroup);

/**
 * Move the calling single-threaded process into every hierarchy that cgroup_clone_fd did not
 * cover. v1: writes "0" to `tasks`, which does not wait for an RCU grace period as `cgroup.procs`
 * does (55 us against 3-11 ms).
 */
int cgroup_join_self(const struct cgroup *cgroup, struct err *err);

/**
 * v2: let `owner` make children in the cgroup and share out what it has: its directory, and the
 * files that /sys/kernel/cgroup/delegate names. The limits stay out of reach. v1: nothing.
 * @return 0, or -1 ERR_SYSTEM
 */
int cgroup_give(const struct cgroup *cgroup, uid_t owner, struct err *err);

/** Make of `err`, the EBUSY of a clone into the cgroup, one that names it. @return -1 */
int cgroup_fail_clone(const struct cgroup *cgroup, struct err *err);

/** Move another process, all its threads, into every hierarchy (adoption); 0 is the caller.
 *  Waits for an RCU grace period on each. */
int cgroup_join_pid(const struct cgroup *cgroup, pid_t pid, struct err *err);

/**
 * SIGKILL everything inside, also what is forked meanwhile: cgroup.kill, or freeze + signal +
 * thaw. A frozen cgroup is thawed. Returns when every process has its signal: they may still be
 * dying. Empty or gone is success.
 */
int cgroup_kill(const struct cgroup *cgroup, struct err *err);

/** Freeze or thaw everything inside and wait until the kernel says so (at most 10 s; a freeze
 *  that does not succeed in time is undone). */
int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct err *err);

/** Is everything in the cgroup `path` frozen? Not when it does not exist or has no freezer. Only
 * the one directory that says so is opened. @return 1, 0, -1 as cgroup_open */
int cgroup_path_is_frozen(const struct cgroup_layout *layout, const char *path, struct err *err);

/** Process ids inside, descendants included, appended to a malloc()ed *out of *out_len; those of
 *  another pid namespace (0) are left out. At most CGROUP_PIDS_MAX. @return 0 or -1 */
#define CGROUP_PIDS_MAX 1000000
int cgroup_pids(const struct cgroup *cgroup, pid_t **out, size_t *out_len, struct err *err);

/** Send a signal to everything inside; a process that is gone meanwhile is no error. For SIGKILL
 *  there is cgroup_kill, which misses nobody. @return 0 or -1 */
int cgroup_signal(const struct cgroup *cgroup, int signal, struct err *err);

/** Number of processes inside, descendants included; -1 on error. */
long cgroup_count(const struct cgroup *cgroup, struct err *err);

/**
 * Remove the directories with everything below (cgroups that the container made), whoever made
 * them. Waits for dying processes, at most `timeout_ms`, then ERR_CONFLICT with a pid that is
 * still there. Already gone is success. The descriptors stay open.
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
	char name[CGROUP_NAME_MAX]; /* directory below /sys/fs/cgroup; "" is /sys/fs/cgroup itself
				       (v2) */
	int dir_fd;                 /* borrowed: bind this directory, read-only */
	char path[2 * CGROUP_PATH_MAX]; /* the same for another mount namespace than the caller's */
};

/** The binds that make the view (v1: under a tmpfs; v2: one). @return how many */
size_t cgroup_view(const struct cgroup *cgroup,
		   struct cgroup_view_mount out[CGROUP_HIERARCHIES_MAX]);
