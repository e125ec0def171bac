/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers as records: what they are (record), and, while they live, who watches them (lock,
 * state in the run root). A container whose lock is free has no monitor: if it is not recorded as
 * ended, its monitor was killed, and whoever finds it first cleans up.
 */
#include "base/err.h"
#include "base/id.h"
#include "base/strv.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum container_status {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_EXITED,
};

#define CONTAINER_NAME_MAX 128

/** One record per container: small, checksummed, replaced whole. */
struct container {
	char id[ID_SIZE];
	char *name;
	char *image;       /* as the user wrote it; NULL with a plain rootfs */
	char *image_id;    /* hex; NULL with a plain rootfs */
	char *rootfs;      /* host directory; NULL with an image */
	bool is_throwaway; /* --rm: removed at exit; its record needs no durability */
	struct strv args;  /* the final argv */
	char *cgroup_path; /* "" when it has none */
	struct strv labels;
	uint64_t created_ns, started_ns, finished_ns; /* realtime; 0: not yet */

	/* Kept as JSON text: what inspect shows and only inspect reads ({"HostConfig":...}). */
	char *details_json;

	/* state */
	enum container_status status;
	pid_t monitor_pid, pid;  /* 0: none */
	uint64_t pid_start_time; /* field 22 of /proc/PID/stat: with boot id, who that pid is */
	int exit_code;
	bool is_oom_killed;
	char *error; /* why it did not start, or NULL */
};
void container_done(struct container *container);

/** What the monitor holds while its container lives. */
struct container_lease {
	int lock_fd;    /* owned; the lock that dies with us */
	int dir_fd;     /* root/containers/ID, O_PATH */
	int run_dir_fd; /* run/containers/ID, O_PATH */
	/* What to give back at the end, so that the end need not read the record. */
	char name[CONTAINER_NAME_MAX + 1]; /* "" when not known */
	bool is_throwaway;
};
#define CONTAINER_LEASE_NONE                                                                       \
	{                                                                                          \
		.lock_fd = -1, .dir_fd = -1, .run_dir_fd = -1                                      \
	}

void container_lease_done(struct container_lease *lease);

/**
 * Reserve id and name, make both directories with upper/ and work/ (unless `has_upper` is false),
 * take the lock, write the record (durable unless is_throwaway): the intent, before any other side
 * effect of a start. ERR_CONFLICT names the container that has the name.
 */
int container_create(const struct store *store, const struct container *container, bool has_upper,
		     struct container_lease *out, struct err *err);

/**
 * Replace the record: after the start (pid), at the exit (code, times). Whoever has the lease may;
 * a running container's record is volatile, a kept one's end is durable.
 */
int container_save(const struct store *store, const struct container_lease *lease,
		   const struct container *container, struct err *err);

/**
 * Find by name, id, or unambiguous id prefix.
 * @return 0; -1 ERR_NOT_FOUND "no such container: X", ERR_CONFLICT for an ambiguous prefix
 */
int container_find(const struct store *store, const char *reference, struct container *out,
		   struct err *err);

struct container_list {
	struct container *items;
	size_t len;
};
void container_list_done(struct container_list *list);

/** All, newest first. Damaged records are moved to quarantine/ with a warning. */
int container_list(const struct store *store, struct container_list *out, struct err *err);

/**
 * Remove directories, name and record. Nothing of it may run any more. Safe to repeat.
 * @lease  the caller's, or NULL: then the lock is taken here (ERR_CONFLICT if it is held)
 */
int container_remove(const struct store *store, const char *id, struct container_lease *lease,
		     struct err *err);

/** @return 1 if a live monitor holds the container's lock, 0 if not, -1 on error */
int container_is_watched(const struct store *store, const char *id, struct err *err);

/**
 * Call `found` for each container that is not recorded as ended but has no monitor (and for
 * throw-away ones that were left); the lock is held meanwhile. For the engine's recovery.
 */
typedef int container_orphan_fn(const struct store *store, struct container *container,
				struct container_lease *lease, void *arg, struct err *err);
int container_each_orphan(const struct store *store, container_orphan_fn *found, void *arg,
			  struct err *err);
