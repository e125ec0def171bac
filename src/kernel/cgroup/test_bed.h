/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For tests on the machine's own cgroups: below /onggi-test-PID, removed afterwards. */
#include "kernel/cgroup/cgroup.h"

#include <sys/types.h>

#define MIB (1024 * 1024)

struct bed {
	struct cgroup_layout layout;
	struct cgroup cgroup; /* layout NULL: none open */
	char path[64];
};

/** Detect the layout; skips the test, saying why, where no cgroup can be made. */
void bed_init(struct bed *bed);

/** Keep only the v1 trees, or only the v2 one; skips the test when there are none. */
void bed_keep_v1(struct bed *bed);
void bed_keep_v2(struct bed *bed);

/** cgroup_create with an assertion. */
void bed_create(struct bed *bed, const struct cgroup_limits *limits);

/** cgroup_apply with an assertion. */
void bed_apply(const struct bed *bed, const struct cgroup_limits *limits);

/** A value that is set. */
struct cgroup_value bed_value(int64_t value);

/** For cmocka, with the bed as its state: kill, reap, remove what bed_init may have led to, and
 *  check that no directory is left. */
int bed_tear_down(void **state);

#define BED_TEST(test) cmocka_unit_test_prestate_setup_teardown(test, NULL, bed_tear_down, &bed)

/** Fork into the cgroup as the runtime does and run `run` there. @return pidfd */
int bed_spawn(const struct bed *bed, int (*run)(void *arg), void *arg);

/** bed_spawn for a `run` that gets a pipe's two ends and writes a byte to the second when it is
 *  ready; returns when it is. */
int bed_spawn_ready(const struct bed *bed, int (*run)(void *arg));

/** Reap. @return exit status, or 128 + signal */
int bed_wait(int *pidfd);

/** bed_spawn and bed_wait. */
int bed_run(const struct bed *bed, int (*run)(void *arg), void *arg);

/** @return whether a control file of the tree with `controller` ("" is v2) has this text */
bool bed_file_is(const struct bed *bed, const char *controller, const char *file,
		 const char *wanted);
