/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is known about a container, on disk: below the state directory
 *
 *	locks/ID              held (flock) by a verb that changes the container, while it does
 *	state/ID/state.json   the record: replaced as a whole
 *	state/ID/config.json  the configuration as `create` read it
 *	state/ID/notify       directory of the socket by which the payload tells that it is ready
 *	state/ID/paused       it was paused while it waited for its start
 *	state/ID/making       there while somebody makes a container that will be left alone
 *	state/ID/start, result  FIFOs of a container that waits for its start (runtime/gate.h)
 *
 * A record is written before the first side effect. One without a process whose lock is free is
 * what a killed runtime left: whoever finds it takes away what it names. There is a lock file only
 * while somebody is at work or attends to a container, so that finding those costs nothing.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "kernel/cgroup/cgroup.h"
#include "runtime/bundle/facts.h"
#include "runtime/bundle/verbs.h"

#include <stdbool.h>
#include <sys/types.h>

#define RECORD_PAUSED "paused"
#define RECORD_MAKING "making"

/** A container on disk, opened. */
struct record {
	char *id;
	int root_fd, locks_fd, state_fd; /* the state directory, and two in it */
	int dir_fd;                      /* state/ID; -1: gone */
	int lock_fd;                     /* -1: not ours (any more) */
	struct record_facts facts;
};

#define RECORD_INIT                                                                                \
	{                                                                                          \
		.root_fd = -1, .locks_fd = -1, .state_fd = -1, .dir_fd = -1, .lock_fd = -1         \
	}

/**
 * Take a new id: makes the state directory if it is missing, locks the id, and removes what a
 * killed owner left of it.
 * @return 0 (locked, state/ID is there and empty); -1 ERR_INVALID (no valid id), ERR_CONFLICT (in
 *         use)
 */
int record_take(const char *state_path, const char *id, const struct cgroup_layout *layout,
		struct record *out, struct err *err);

/**
 * Open an existing one and read its record.
 * @is_locked  take the lock: the caller is going to change it
 * @return 0; -1 ERR_NOT_FOUND "container does not exist", ERR_CONFLICT when the lock is held
 */
int record_open(const char *state_path, const char *id, bool is_locked, struct record *out,
		struct err *err);

/** Write the record. */
int record_save(const struct record *record, struct err *err);

/** Keep the configuration, and read it again. */
int record_save_config(const struct record *record, const struct buf *text, struct err *err);
int record_read_config(const struct record *record, struct buf *out, struct err *err);

/** Everything is taken away: forget it. */
int record_drop(struct record *record, struct err *err);

/** Let go of the lock: what is on record can be found and taken away by it. */
void record_unlock(struct record *record);

/** Take the lock again; no change if it is held by us. @return 0; -1 when it is held by somebody,
 * or the container has been taken away meanwhile */
int record_relock(struct record *record, struct err *err);

/** Close and free; the lock goes with it. */
void record_close(struct record *record);

/**
 * Marks: empty files in the container's directory. RECORD_MAKING is there as long as a container
 * that will be left alone is being made: a dead first process beside it is no container that has
 * stopped, but what a killed `create` left.
 */
int record_mark(const struct record *record, const char *mark, struct err *err);
void record_unmark(const struct record *record, const char *mark);
bool record_is_marked(const struct record *record, const char *mark);

/** Is nobody left to go on with this record: no first process, nobody at work on it? Only for who
 *  holds the lock. */
bool record_is_abandoned(const struct record *record);

/** Find out what control groups there are, and open that of the container. `layout` must outlive
 *  `out`. @return 0; -1 ERR_UNSUPPORTED when it has none */
int record_open_cgroup(const struct record *record, struct cgroup_layout *layout,
		       struct cgroup *out, struct err *err);

/** Kill what is in its control group and remove the group, and systemd's unit of it. A unit that
 *  cannot be stopped is a warning. */
int record_remove_cgroup(const struct record *record, const struct cgroup_layout *layout,
			 struct err *err);

/** Remove its own group in resctrl. Best effort: it limits nobody any more. */
void record_remove_class(const struct record *record);

/** Remove what killed runtimes left of other containers. Best effort. */
void record_sweep(const struct record *record, const struct cgroup_layout *layout);

/** Ids on disk, sorted, appended. No state directory is no containers. */
int record_ids(const char *state_path, struct strv *out, struct err *err);

/**
 * What it does now.
 * @layout     of control groups; NULL: found out if it matters
 * @out_pidfd  of the first process if it lives (owned), else -1
 * @return 0; -1 when that cannot be told: it must not be taken for one that has stopped
 */
int record_status(const struct record *record, const struct cgroup_layout *layout,
		  enum bundle_status *out, int *out_pidfd, struct err *err);
