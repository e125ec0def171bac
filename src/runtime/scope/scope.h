/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A container's control group as a unit of systemd, a transient scope: what `--systemd-cgroup` of
 * an OCI runtime asks for. systemd makes the group around a process that exists already and keeps
 * the limits it was told; devices and everything it has no property for are written by us
 * afterwards (cgroup_adopt, cgroup_apply).
 *
 * The bus is spoken by a worker of its own, onggi-systemd, because libsystemd cannot be linked
 * statically. It is started by the functions below that say so, and by nothing else.
 */
#include "base/err.h"
#include "base/strv.h"
#include "kernel/cgroup/cgroup.h"

#include <stdbool.h>
#include <sys/types.h>

/** The unit: all that has to be known to find it again. Zero-initialise; scope_done() it. */
struct scope {
	char *unit;   /* "runc-ID.scope"; NULL: there is none */
	char *slice;  /* "system.slice", "-.slice" */
	bool is_user; /* of the caller's own systemd, not of the system's */
};
void scope_done(struct scope *scope);

/**
 * The unit that a configuration's linux.cgroupsPath means: "[slice]:[prefix]:[name]" is
 * prefix-name.scope in that slice; absent or empty is ":runc:ID"; an empty slice is system.slice,
 * or user.slice of a user's systemd; the slice "-" is the root. A pure function.
 *
 * @return 0; -1 ERR_INVALID (another form, names that systemd would not take), or ERR_UNSUPPORTED
 *         (a name that ends in ".slice": only processes make a scope)
 * Source: runc docs/systemd.md; systemd.unit(5), systemd.slice(5)
 */
int scope_parse(const char *cgroups_path, const char *id, bool is_user, struct scope *out,
		struct err *err);

/**
 * The unit's path below each hierarchy: "/a.slice/a-b.slice/runc-ID.scope". A pure function.
 * @manager_path  the cgroup of the systemd that will have it: "" for the system's own
 * @return 0; -1 ERR_INVALID when it is longer than CGROUP_PATH_MAX
 */
int scope_resolve_path(const struct scope *scope, const char *manager_path,
		       char out[CGROUP_PATH_MAX], struct err *err);

/** A unit that is wanted, with what systemd is told of it. scope_request_done() it. */
struct scope_request {
	struct scope scope;
	struct strv properties; /* scope/property.h */
	char *libexec_path;     /* where the worker is */
};
void scope_request_done(struct scope_request *request);

struct scope_wish {
	const char *cgroups_path; /* linux.cgroupsPath as it is written; may be NULL */
	const char *id;
	const struct strv *annotations; /* key=value: org.systemd.property.NAME are for the unit */
	const struct cgroup_limits *limits;
	const struct cgroup_layout *layout;
};

/**
 * Check what can be checked before anything is made: systemd runs, the worker is there, the names
 * and annotations are such as may be used; and translate the limits.
 *
 * @out_path  where the cgroup is going to be, for the record: scope_start() says it for sure
 * @return 0; -1 ERR_UNSUPPORTED (no systemd, no worker, a user's systemd on cgroup v1),
 *         ERR_INVALID
 */
int scope_prepare(const struct scope_wish *wish, struct scope_request *out,
		  char out_path[CGROUP_PATH_MAX], struct err *err);

/**
 * Have the unit made, with `pid` in it. Starts the worker; waits until systemd says that it is
 * done, at most about 30 s. A failed unit of the same name that somebody left is forgotten first.
 *
 * @out_path  the unit's cgroup, below each hierarchy's mount point
 * @return 0; -1 ERR_CONFLICT (a unit of that name is active), ERR_REMOTE (systemd says no),
 *         ERR_SYSTEM (no bus)
 */
int scope_start(const struct scope_request *request, pid_t pid, char out_path[CGROUP_PATH_MAX],
		struct err *err);

/**
 * Tell systemd of changed limits, so that it does not go back to the old ones. What `limits` leaves
 * out stays. Write them with cgroup_apply() afterwards. Starts the worker, unless systemd has no
 * property for any of them.
 */
int scope_update(const struct scope *scope, const struct cgroup_limits *limits,
		 const struct cgroup *cgroup, struct err *err);

/**
 * Have systemd move a process of the caller's into the unit, wherever it is: from one session of a
 * user's into another that user has no right to do so. Starts the worker.
 * @return 0; -1 ERR_REMOTE (systemd says no), ERR_SYSTEM (no bus)
 */
int scope_join(const struct scope *scope, pid_t pid, struct err *err);

/**
 * Stop the unit: whatever is in it is killed, and its cgroup goes. Starts the worker and waits, at
 * most about 30 s. A unit that is gone already is success.
 */
int scope_stop(const struct scope *scope, struct err *err);

/** Is the worker there, and so may scope_prepare() succeed? */
bool scope_has_worker(void);

/** Is the caller's own systemd meant, not the system's? Root of the host: never. */
bool scope_is_user(void);
