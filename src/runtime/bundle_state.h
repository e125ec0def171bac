/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which containers of bundles there are: below the state directory, locks/ID is held by the
 * process that runs the container, for as long as it lives, and state/ID says what has to be
 * taken away if that process is killed.
 */
#include "base/err.h"
#include "kernel/cgroup/cgroup.h"

struct bundle_state {
	char *id;
	int root_fd;            /* the state directory */
	int locks_fd, state_fd; /* directories in it */
	int lock_fd;            /* -1: not ours (any more) */
};

/**
 * Make the state directory `root_path` if it is missing, and take the id. What a killed owner of
 * the same id left is removed first.
 * @return 0; -1 with ERR_INVALID (no valid id), ERR_CONFLICT (the container is running)
 */
int bundle_state_take(const char *root_path, const char *id, const struct cgroup_layout *layout,
		      struct bundle_state *out, struct err *err);

/** Record what there will be: before it is made. `json` is a state document with cgroupsPath. */
int bundle_state_save(const struct bundle_state *state, const char *json, struct err *err);

/** Remove what killed owners of other ids left: their control groups and records. Best effort. */
void bundle_state_sweep(const struct bundle_state *state, const struct cgroup_layout *layout);

/** Everything is taken away: forget the id. */
void bundle_state_drop(struct bundle_state *state);

/** Close and free; the lock goes with it. */
void bundle_state_done(struct bundle_state *state);
