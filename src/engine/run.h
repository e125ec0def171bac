/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run: from an image and options to a process and its exit status. The options are Docker's, in
 * typed form: faces parse text, this room decides what they mean together.
 */
#include "base/err.h"
#include "base/strv.h"
#include "kernel/cgroup/limits.h"
#include "kernel/proc/rlimit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct engine;

/** Layers of isolation that --isolate can peel off one by one. */
enum isolate_layer {
	ISOLATE_CHROOT = 1 << 0, /* a root of its own by chroot (when PIVOT is not there) */
	ISOLATE_PIVOT = 1 << 1,  /* ... by pivot_root; needs MOUNT */
	ISOLATE_MOUNT = 1 << 2,  /* mount namespace, /proc /dev /sys of its own */
	ISOLATE_PID = 1 << 3,
	ISOLATE_IPC = 1 << 4,
	ISOLATE_UTS = 1 << 5,
	ISOLATE_NET = 1 << 6,
	ISOLATE_TIME = 1 << 7,
	ISOLATE_CGROUPNS = 1 << 8,
	ISOLATE_USER = 1 << 9,    /* user namespace; off in "all" unless --userns asks */
	ISOLATE_CGROUP = 1 << 10, /* a control group with its limits */
	ISOLATE_MASKS = 1 << 11,  /* masked and read-only paths */
	ISOLATE_CAPS = 1 << 12,
	ISOLATE_SECCOMP = 1 << 13,
	ISOLATE_LSM = 1 << 14,
	ISOLATE_KEYRING = 1 << 15,
};
#define ISOLATE_ALL (((1 << 16) - 1) & ~ISOLATE_USER)

/** Where a namespace comes from. */
enum run_ns_kind {
	RUN_NS_DEFAULT,   /* a new one (user: the host's) */
	RUN_NS_PRIVATE,   /* a new one */
	RUN_NS_HOST,      /* the caller's */
	RUN_NS_CONTAINER, /* value: container name or id */
	RUN_NS_PATH,      /* value: "ns:PATH" */
	RUN_NS_NONE, /* network: a new one with nothing but a loopback device; ipc: no /dev/shm */
	RUN_NS_SHAREABLE, /* ipc: a new one others may join */
	RUN_NS_AUTO,      /* user: an own range of ids; value: "size=65536" or NULL */
	RUN_NS_KEEP_ID,   /* user: the caller's id keeps its number inside */
};
struct run_ns {
	enum run_ns_kind kind;
	char *value;
};

enum run_mount_type { RUN_MOUNT_BIND, RUN_MOUNT_TMPFS };
struct run_mount {
	enum run_mount_type type;
	char *source; /* absolute host path; NULL for tmpfs */
	char *target; /* absolute container path */
	bool is_readonly;
	bool is_readonly_recursive; /* Docker's default for readonly binds where the kernel can */
	bool is_nonrecursive;       /* bind-recursive=disabled */
	bool make_source;           /* -v makes a missing host directory, --mount does not */
	char *propagation;          /* "rprivate" (default when NULL), "rslave", ... */
	struct strv options;        /* the rest: "noexec", "size=64m", "mode=1777", "idmap" */
};

struct run_device {
	char *source;   /* host path */
	char *target;   /* container path */
	char access[4]; /* subset of "rwm" */
};

enum run_trace { RUN_TRACE_NONE, RUN_TRACE_TREE, RUN_TRACE_JSON, RUN_TRACE_PERFETTO };

struct run_options {
	char *image;  /* NULL with rootfs */
	char *rootfs; /* --rootfs DIR: no image, no copy: the directory is written to directly */
	struct strv args;
	char *name;       /* NULL: a random one */
	char *entrypoint; /* NULL: the image's; "" clears it */
	char *workdir, *user, *hostname, *domainname;
	struct strv group_add;
	struct strv env;   /* KEY=value, final: files read, caller's values filled in */
	bool is_throwaway; /* --rm */
	bool tty, interactive, init, privileged, read_only;
	bool attach_stdin, attach_stdout, attach_stderr; /* CLI decides the defaults */
	bool sig_proxy;
	struct strv cap_add, cap_drop;
	bool docker_caps; /* --profile docker: Docker's 14 instead of our 11 */

	bool no_new_privileges;
	char *seccomp;              /* NULL: default; "unconfined"; else JSON text of the profile */
	char *seccomp_path;         /* where the text is from, for messages; NULL: nowhere */
	char *apparmor;             /* NULL: default where active; "unconfined"; a profile name */
	struct strv labels_selinux; /* label=type:..., disable */
	bool systempaths_unconfined;
	bool writable_cgroups;

	struct run_device *devices;
	size_t devices_len;
	struct rlimit_entry *ulimits;
	size_t ulimits_len;
	struct strv sysctls;         /* name=value */
	uint64_t shm_bytes;          /* 0: default 64 MiB */
	struct cgroup_limits limits; /* devices: only what --device-cgroup-rule adds */
	char *cgroup_parent;
	bool has_oom_score_adj;
	int oom_score_adj;

	struct run_mount *mounts;
	size_t mounts_len;
	struct run_ns network, pid, ipc, uts, cgroupns, userns, time;
	struct strv time_offsets; /* "monotonic=SECS", "boottime=SECS" */
	struct strv add_hosts;    /* name:ip */
	struct strv dns, dns_search, dns_options;

	struct strv annotations, labels; /* key=value */
	char *stop_signal;
	int stop_timeout_s; /* -1: default */
	char *cidfile;
	uint32_t isolate; /* enum isolate_layer bits */

	enum run_trace trace;
	int trace_fd; /* where the trace goes (borrowed); -1 with RUN_TRACE_NONE */
};

/** Zero, with the defaults that are not zero. */
void run_options_init(struct run_options *options);
void run_options_done(struct run_options *options);

struct run_result {
	char id[65];
	bool has_started; /* false: the error says why it did not */
	int exit_code;    /* 0-255; 128 + signal */
	bool is_oom_killed;
};

/**
 * Run in the foreground until the container ends. Terminal, pipes and signals of the caller are
 * forwarded meanwhile.
 * @return 0 with the result; -1 when it could not start: then out->exit_code is Docker's 125, 126
 *         (found but not executable) or 127 (command not found)
 */
int engine_run(struct engine *engine, const struct run_options *options, struct run_result *out,
	       struct err *err);

/** The plan that engine_run would carry out, for people: one numbered sentence per step with the
 *  shell commands that would do the same (`json`: for machines). @return owned text or NULL */
char *engine_explain(struct engine *engine, const struct run_options *options, bool json,
		     struct err *err);
