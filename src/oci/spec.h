/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The OCI runtime configuration as plain values: what the boot planner reads. It comes from a
 * bundle's config.json (oci/spec_parse.h) or straight from the engine, with no JSON in between.
 *
 * Ownership: everything inside a `struct spec` belongs to it; spec_done() frees all. Lists are
 * pointer + length, NULL/0 when absent. Numbers that may be absent have a `has_` flag or say
 * their "absent" value.
 * Source: OCI runtime-spec config.md, config-linux.md
 */
#include "base/attr.h"
#include "base/strv.h"
#include "kernel/caps/caps.h"
#include "kernel/cgroup/limits.h"
#include "kernel/ns/ns.h"
#include "kernel/proc/mempolicy.h"
#include "kernel/proc/persona.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/sched.h"
#include "kernel/rdt/rdt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** The version of the specification that we follow. */
#define SPEC_OCI_VERSION "1.3.0"

struct spec_user {
	uid_t uid;
	gid_t gid;
	bool has_umask;
	mode_t umask;
	gid_t *additional_gids;
	size_t additional_gids_len;
};

/* Processors of a process that is put into a running container; lists as "0-3,7", or NULL. */
struct spec_exec_affinity {
	char *initial; /* before it joins the container's cgroup */
	char *final;   /* after that */
};

struct spec_process {
	bool terminal;
	uint16_t console_rows; /* 0: not set */
	uint16_t console_columns;
	struct spec_user user;
	struct strv args;
	struct strv env;
	char *cwd;     /* absolute container path */
	bool has_caps; /* false: keep the caller's (a peeled container) */
	struct caps caps;
	struct rlimit_entry *rlimits;
	size_t rlimits_len;
	bool no_new_privileges;
	char *apparmor_profile; /* NULL: none */
	char *selinux_label;    /* NULL: none */
	bool has_oom_score_adj;
	int oom_score_adj;
	struct sched_policy scheduler;           /* .is_set says whether */
	struct sched_ioprio ioprio;              /* .is_set says whether */
	struct spec_exec_affinity exec_affinity; /* not for the first process */
};

struct spec_mount {
	char *destination;   /* container path */
	char *type;          /* file system, "bind", or NULL */
	char *source;        /* host path for a bind, anything for the rest; may be NULL */
	char *source_mnt_ns; /* mount namespace file that source is a path in; NULL: ours */
	struct strv options; /* as in fstab; kernel/mount/options.h knows them */
	/* Id maps of an idmapped mount (options idmap/ridmap with their own maps). */
	struct ns_id_map *uid_maps, *gid_maps;
	size_t uid_maps_len, gid_maps_len;
};

struct spec_namespace {
	bool is_used; /* false: the container shares the caller's */
	char *path;   /* NULL: new; else joined */
};

struct spec_device {
	char *path; /* container path */
	char type;  /* 'c', 'b', 'u' or 'p' */
	uint32_t major, minor;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
};

struct spec_sysctl {
	char *name; /* dotted or with slashes */
	char *value;
};

/* A network device of the host that becomes the container's. */
struct spec_net_device {
	char *host_name;
	char *name; /* inside; NULL: the same */
};

enum spec_root_change {
	SPEC_ROOT_PIVOT,  /* pivot_root(2): the old root is gone from the mount tree */
	SPEC_ROOT_CHROOT, /* chroot(2): the old tree is still there, only out of reach by path */
};

struct spec_hook {
	char *path;
	struct strv args, env;
	unsigned timeout_s; /* 0: none */
};

enum spec_hook_point {
	SPEC_HOOK_PRESTART,
	SPEC_HOOK_CREATE_RUNTIME,
	SPEC_HOOK_CREATE_CONTAINER,
	SPEC_HOOK_START_CONTAINER,
	SPEC_HOOK_POSTSTART,
	SPEC_HOOK_POSTSTOP,
	SPEC_HOOK_COUNT,
};

/** "prestart", "createRuntime", ...: the key in config.json. */
const char *spec_hook_point_name(enum spec_hook_point point);

struct spec {
	char *root_path; /* host path of the root file system; NULL when the caller passes an fd */
	bool root_readonly;
	enum spec_root_change root_change;
	char *rootfs_propagation; /* "private", "slave", "shared", "unbindable"; NULL: private */
	char *hostname;           /* NULL: keep */
	char *domainname;         /* NULL: keep */

	struct spec_process process;

	struct spec_mount *mounts;
	size_t mounts_len;

	struct spec_namespace namespaces[NS_COUNT];
	struct ns_id_map *uid_maps, *gid_maps; /* of a new user namespace */
	size_t uid_maps_len, gid_maps_len;
	struct ns_time_offset time_offsets[2]; /* monotonic, boottime */
	size_t time_offsets_len;

	bool has_default_devices; /* make /dev/null and its siblings, links, ptmx in /dev */
	struct spec_device *devices;
	size_t devices_len;
	struct spec_sysctl *sysctls;
	size_t sysctls_len;
	struct strv masked_paths;
	struct strv readonly_paths;

	bool has_new_keyring; /* join a fresh session keyring */
	bool has_cgroup;      /* false: stay in the caller's cgroup (a peeled container) */
	char *cgroups_path;   /* below each hierarchy's mount point, starts with '/' */
	struct cgroup_limits limits;

	struct persona persona;     /* .is_set says whether */
	struct mempolicy mempolicy; /* .is_set says whether */
	struct rdt rdt;             /* .is_set says whether */
	struct spec_net_device *net_devices;
	size_t net_devices_len;
	bool keeps_groups;  /* the caller's supplementary groups: run.oci.keep_original_groups */
	char *pidfd_socket; /* is sent the pidfd of the first process; or NULL */
	char *mount_label;  /* SELinux context of the file systems we mount; NULL: none */
	char *mount_context_type; /* "context", "fscontext", ...; NULL: context */

	/* A compiled seccomp program (kernel/seccomp); the profile itself is compiled, or found
	 * in the cache, before planning. len 0: none. */
	struct {
		void *filter; /* struct sock_filter[len], owned */
		uint16_t len;
		uint32_t flags;          /* SECCOMP_FILTER_FLAG_* */
		char *listener_path;     /* socket that gets the notification descriptor; or NULL */
		char *listener_metadata; /* told to it; or NULL */
		char *raw; /* the program itself in base64, instead of a profile; or NULL */
		bool fails_on_unknown; /* names of calls that nobody knows are an error */
	} seccomp;

	struct {
		struct spec_hook *items;
		size_t len;
	} hooks[SPEC_HOOK_COUNT];
	char *hooks_stdout,
		*hooks_stderr; /* files their output is added to; NULL: kept for errors */

	struct strv annotations; /* key=value */
};

/** Zeroed apart from the "absent" values. */
void spec_init(struct spec *spec);

/** Free everything inside. */
void spec_done(struct spec *spec);

/** Append and return a zeroed element (valid until the next append). */
struct spec_mount *spec_add_mount(struct spec *spec, const char *destination, const char *type,
				  const char *source, const char *options_comma);
struct spec_device *spec_add_device(struct spec *spec);
struct spec_sysctl *spec_add_sysctl(struct spec *spec, const char *name, const char *value);

/**
 * Grow a list by one zeroed element of `size` bytes: `list = spec_grow(list, &len, sizeof(*list))`.
 * For the lists without a function of their own.
 */
void *spec_grow(void *items, size_t *len, size_t size) MUST_USE;
