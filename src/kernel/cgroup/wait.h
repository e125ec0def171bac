/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Waiting for the kernel with an end: on an event where there is one, else with growing pauses. */
#include <stdbool.h>
#include <stdint.h>

struct cgroup_wait {
	uint64_t deadline_ns;
	uint64_t pause_ns;
	int events_fd; /* owned; a cgroup.events file, or -1 */
};

/** @v2_dir_fd  a v2 directory whose cgroup.events tells of changes, or -1 */
void cgroup_wait_init(struct cgroup_wait *wait, unsigned timeout_ms, int v2_dir_fd);
void cgroup_wait_done(struct cgroup_wait *wait);

/** Wait for the next moment worth looking. @return false when the time is over */
bool cgroup_wait_more(struct cgroup_wait *wait);
