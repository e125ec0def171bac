/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The eight namespaces: one table, and what can be done with one namespace.
 * Source: namespaces(7), user_namespaces(7), time_namespaces(7), clone(2), setns(2)
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum ns_type {
	NS_USER, /* first: it owns the others */
	NS_CGROUP,
	NS_IPC,
	NS_UTS,
	NS_NET,
	NS_PID,
	NS_TIME,
	NS_MOUNT, /* last to join: paths change with it */
	NS_COUNT,
};

struct ns_info {
	const char *name;     /* OCI name: "network", "mount", ... */
	const char *proc;     /* file in /proc/PID/ns of the one a process is in */
	const char *proc_new; /* the one its children get ("pid_for_children"), else as proc */
	int clone_flag;       /* CLONE_NEW* */
	const char *isolates; /* half a sentence for people */
};

/** The table's row; never NULL for a valid type. */
const struct ns_info *ns_info(enum ns_type type);

/** @return the type with that OCI name ("network") or /proc name ("net"), or -1 */
int ns_type_by_name(const char *name);

/** Open a namespace file and check by NS_GET_NSTYPE that it is of this type. @return owned fd */
int ns_open(enum ns_type type, const char *path, struct err *err);

/** Open the namespace of a process. @return owned fd */
int ns_open_pid(enum ns_type type, pid_t pid, struct err *err);

/** setns(2). For NS_PID and NS_TIME only children of the caller are in it afterwards. */
int ns_join(enum ns_type type, int ns_fd, struct err *err);

/** unshare(2) one namespace. */
int ns_unshare(enum ns_type type, struct err *err);

/** One line of an id map: `count` ids from `inside` on are `outside` on. */
struct ns_id_map {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

enum ns_id_kind { NS_UID, NS_GID };

#define NS_ID_MAP_MAX 340 /* lines; user_namespaces(7), Linux >= 4.15 */

/**
 * Write the uid or gid map of the user namespace that process `pid` is alone in. For NS_GID as an
 * unprivileged caller "deny" goes to setgroups first.
 * @return 0, or -1: ERR_INVALID for overlapping, empty or too many lines; ERR_SYSTEM
 */
int ns_write_id_map(pid_t pid, enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
		    struct err *err);

/** Check a map as the kernel would. @return 0, or -1 ERR_INVALID as above */
int ns_check_id_map(enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
		    struct err *err);

/** Map an id from inside to outside. @return false if it is not mapped */
bool ns_map_id(const struct ns_id_map *maps, size_t len, uint32_t inside, uint32_t *out_outside);

/** A user namespace with these maps, for idmapped mounts: no process stays in it. @return fd */
int ns_open_user_with_maps(const struct ns_id_map *uid_maps, size_t uid_len,
			   const struct ns_id_map *gid_maps, size_t gid_len, struct err *err);

struct ns_time_offset {
	bool is_boottime; /* false: monotonic */
	int64_t secs;
	uint32_t nanosecs;
};

/** Offsets for the time namespace the caller's children get; before the first of them. */
int ns_write_time_offsets(const struct ns_time_offset *offsets, size_t len, struct err *err);
