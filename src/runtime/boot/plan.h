/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The boot plan: what has to happen, in order, between a spec and a running process, as rows of
 * {step, argument} for three processes:
 *
 *	parent   on the host: makes the cgroup and the root, clones, writes id maps, waits
 *	outer    only when a namespace cannot be had by clone alone (joined pid or time namespace,
 *	         joined user namespace, time offsets): prepares namespaces, clones inner, leaves
 *	inner    inside: builds the container's view of the world and becomes the payload; where it
 *	         enters a container that runs, it prepares all from outside of its pid namespace,
 *	         and goes on as a child of its own there (STEP_ENTER_PID_NAMESPACE)
 *
 * Planning is pure: it reads the spec, makes no system call and fails only on contradictions. The
 * same rows are run (boot.h), traced (trace.h), explained (explain.h), and made to fail by tests.
 */
#include "base/buf.h"
#include "base/err.h"
#include "kernel/ns/ns.h"
#include "kernel/union/overlay.h"
#include "oci/spec.h"
#include "runtime/gate.h"
#include "runtime/scope/scope.h"

#include <stdbool.h>
#include <stddef.h>

enum boot_proc { BOOT_PARENT, BOOT_OUTER, BOOT_INNER, BOOT_PROC_COUNT };

/** "parent", "outer", "inner" */
const char *boot_proc_name(enum boot_proc proc);

/* The order of the rows is the order of the steps within each process: a law that a test holds. */
enum boot_step_id {
	/* parent, before the clone */
	STEP_BEGIN_CGROUP,
	STEP_MAKE_CGROUP,
	STEP_SET_LIMITS,
	STEP_MOUNT_OVERLAY,
	STEP_OPEN_ROOTFS,
	STEP_FIND_USER,
	STEP_CLONE_SOURCE,
	STEP_OPEN_NAMESPACE,
	STEP_OPEN_CGROUP,
	STEP_INITIAL_AFFINITY,
	STEP_GIVE_CGROUP,
	STEP_START_OUTER,
	STEP_START_INNER,
	STEP_START_ENTERING,
	/* parent, beside the child */
	STEP_COMPLETE_CGROUP,
	STEP_LIMIT_CGROUP,
	STEP_MAKE_SCOPE,
	STEP_LIMIT_SCOPE,
	STEP_GIVE_SCOPE,
	STEP_WRITE_ID_MAPS,
	STEP_MOVE_TO_CGROUP,
	STEP_MOVE_NET_DEVICES,
	STEP_PLACE_IN_CLASS,
	STEP_SET_ENTERED_SCHEDULER,
	STEP_LET_GO,
	STEP_TAKE_CONSOLE,
	STEP_RUNTIME_HOOKS,
	STEP_PASS_LISTENER,
	STEP_RECORD_PROCESS,
	STEP_AWAIT_EXEC,

	/* outer */
	STEP_OUTER_JOIN_NAMESPACE,
	STEP_OUTER_MOUNT,
	STEP_OUTER_TIME_OFFSETS,
	STEP_OUTER_START_INNER,

	/* inner */
	STEP_LEAVE_PROGRAM,
	STEP_AWAIT_PARENT,
	STEP_OPEN_SCOPE,
	STEP_JOIN_SCOPE,
	STEP_JOIN_CGROUP,
	STEP_FINAL_AFFINITY,
	STEP_NEW_CGROUP_NAMESPACE,
	STEP_JOIN_NAMESPACE,
	STEP_OPEN_OUTER_PROCFS,
	STEP_ENTER_CONTAINER,
	STEP_BECOME_ROOT,
	STEP_NEW_SESSION,
	STEP_NEW_KEYRING,
	STEP_SET_HOSTNAME,
	STEP_SET_DOMAINNAME,
	STEP_RAISE_LOOPBACK,
	STEP_OPEN_PROCFS,
	STEP_SET_SYSCTL,
	STEP_INNER_OPEN_ROOTFS,
	STEP_INNER_FIND_USER,
	STEP_INNER_CLONE_SOURCE,
	STEP_SET_PROPAGATION,
	STEP_ATTACH_ROOT,
	STEP_MOUNT,
	STEP_AWAIT_CGROUP,
	STEP_OPEN_OWN_CGROUP,
	STEP_JOIN_OWN_CGROUP,
	STEP_NEW_CGROUP_NAMESPACE_LATE,
	STEP_MOUNT_LATE,
	STEP_MAKE_DEVICES,
	STEP_OPEN_CONSOLE,
	STEP_AWAIT_HOOKS,
	STEP_CREATE_HOOKS,
	STEP_OPEN_MASKS,
	STEP_MASK_PATH,
	STEP_READONLY_PATH,
	STEP_MAKE_WORKDIR,
	STEP_SEAL_MOUNT,
	STEP_READONLY_ROOT,
	STEP_PIVOT_ROOT,
	STEP_CHROOT,
	STEP_SET_RLIMITS,
	STEP_SET_OOM_SCORE,
	STEP_SET_IOPRIO,
	STEP_SET_SCHEDULER,
	STEP_SET_MEMORY_POLICY,
	STEP_SET_PERSONALITY,
	STEP_SET_LABEL,
	STEP_SET_STDIO,
	STEP_DROP_BOUNDING,
	STEP_LOAD_SECCOMP_PRIVILEGED,
	STEP_SET_USER,
	STEP_SET_CAPS,
	STEP_SET_CAPS_BUT_ONE,
	STEP_CHANGE_DIRECTORY,
	STEP_FIND_PROGRAM,
	STEP_ENTER_PID_NAMESPACE,
	STEP_AWAIT_PLACEMENT,
	STEP_OWN_SESSION,
	STEP_LOAD_SECCOMP_LATE,
	STEP_SET_CAPS_LATE,
	STEP_DIE_WITH_PARENT,
	STEP_NO_NEW_PRIVS_EARLY,
	STEP_LOAD_SECCOMP_LISTENING,
	STEP_REPORT_CREATED,
	STEP_AWAIT_START,
	STEP_NO_NEW_PRIVS,
	STEP_LOAD_SECCOMP,
	STEP_START_HOOKS,
	STEP_EXEC,
	STEP_COUNT,
};

/** One row: the step and the one thing it is about (which member: see the step's table row). */
struct boot_op {
	enum boot_step_id step;
	union {
		enum ns_type ns;
		size_t mount; /* index in spec->mounts */
		const char *path;
		const struct spec_sysctl *sysctl;
	};
};

/** What the container is made of besides its spec. */
struct boot_root {
	const struct overlay *overlay; /* layers; or */
	const char *path;              /* a host directory */
};

/** exec: the container that is entered. */
struct boot_target {
	pid_t pid;                  /* its first process, as the caller sees it */
	int pidfd;                  /* of that; borrowed */
	bool has_chroot;            /* its root is not that of its mount namespace */
	const struct strv *cgroups; /* "[controllers:]path" below its own; NULL: its own */
	const struct scope *unit;   /* that its cgroup is of; NULL: of none */
};

struct boot_options {
	struct boot_root root;
	const char *
		user; /* "name", "uid", "name:group", ... to look up inside; NULL: spec's numbers */
	bool finds_home; /* without `user`: HOME of the spec's uid, unless the spec has one */
	const struct strv *groups; /* names or numbers added to the user's own (--group-add) */
	bool uses_console;         /* spec.process.terminal: the parent gets the master */
	bool is_cgroup_v2;         /* clone into the cgroup instead of joining it */
	/* systemd makes the control group, around the process; NULL: we do, before the clone. */
	const struct scope_request *scope;
	bool is_unprivileged;  /* the parent may copy no mounts: the inner process does it */
	bool dies_with_parent; /* SIGKILL when the monitor dies */
	bool make_workdir;     /* Docker's: a missing working directory is made */
	unsigned preserve_fds; /* descriptors after 2 that the payload keeps */
	/* The inner process goes over to the copy of our program from seal_prepare(); the parent
	 * closes it, and writes -1 here, when there is time. A plan that is not run needs none. */
	bool leaves_program;
	int *program_fd;

	/* A container that outlives us: before it goes on alone, `record` writes down which process
	 * it is; if that fails, or we are killed before, it ends. NULL: we attend to it. */
	int (*record)(void *context, pid_t pid, int pidfd, struct err *err);
	void *record_context;
	const struct gate *gate; /* then it waits there for its start; NULL: it does not */
	/* The state document for hooks and seccomp listeners (owned text); needed if the spec has
	 * any. */
	char *(*hook_state)(const void *context, const char *status, pid_t pid);
	const void *hook_context;
};

struct boot_plan {
	const struct spec *spec;              /* borrowed */
	const struct boot_options *options;   /* borrowed */
	const struct boot_target *target;     /* borrowed; NULL: a new container */
	struct boot_op *ops[BOOT_PROC_COUNT]; /* owned */
	size_t len[BOOT_PROC_COUNT];
	bool has_outer;
	bool has_user_ns;       /* a new one */
	uint64_t clone_flags;   /* namespaces that the clone itself makes */
	uint64_t enter_flags;   /* of `target`: entered by the inner process itself */
	bool enters_user_first; /* which gives the right to the others */
};

/** exec by an ordinary user into a unit of systemd's: from another session of that user's, systemd
 *  alone has the right to move a process there. Source: cgroups(7) "containment rules" */
bool boot_joins_by_systemd(const struct boot_plan *plan);

/** Is the first process of a container a child of ours with all our rights? Then it may be the one
 *  that seals the program (boot_options.program_fd). */
bool boot_child_has_rights(const struct spec *spec);

/**
 * Make the plan.
 * @return 0; -1 ERR_INVALID or ERR_UNSUPPORTED for a spec that contradicts itself (mounts without
 *         a mount namespace, pivot_root without one, an idmap without maps, ...)
 */
int boot_plan_make(const struct spec *spec, const struct boot_options *options,
		   struct boot_plan *out, struct err *err);

/**
 * Make the plan of a further process in the container `target`: of the spec only the namespaces,
 * the cgroup's path, the filter and the process are looked at. `options->root` is not used.
 * @return 0; -1 ERR_INVALID, or ERR_UNSUPPORTED for a filter that nobody could load in time
 */
int boot_plan_make_exec(const struct spec *spec, const struct boot_options *options,
			const struct boot_target *target, struct boot_plan *out, struct err *err);
void boot_plan_done(struct boot_plan *plan);

/** Has it hooks that run while the root is built and not yet entered? */
bool boot_has_create_hooks(const struct spec *spec);

/** Is this mount a bind? By its options, as OCI has it; the type is only a hint. */
bool boot_mount_is_bind(const struct spec_mount *mount);

/** Is it read-only in the end, but not yet while mount points and devices are made in it? */
bool boot_mount_is_sealed_late(const struct spec_mount *mount);
