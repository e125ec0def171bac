/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What create and run share: from a bundle to a first process, and back when that fails. */
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/notify.h"
#include "runtime/bundle/record.h"
#include "runtime/bundle/verbs.h"
#include "runtime/gate.h"
#include "runtime/scope/scope.h"
#include "runtime/stdio.h"

struct launch {
	const struct bundle_home *home;
	const struct bundle_create_options *options;
	bool waits;    /* create: at the gate */
	bool is_alone; /* nobody of ours stays beside it */
	struct bundle bundle;
	struct record record;
	struct cgroup_layout cgroups;
	struct scope_request scope; /* its unit is NULL: systemd has no part in it */
	struct boot_options boot_options;
	int program_fd; /* from seal_prepare() */
	struct boot_plan plan;
	struct boot boot;
	struct stdio stdio;
	struct gate gate;
	struct notify notify; /* run: the service manager is told */
	bool has_container, has_plan, has_boot;
};

/** Start it. On failure everything is undone but what launch_done() releases. */
int launch(struct launch *launch, struct err *err);

/** Write the record with what is known of the running container: its control group, too. */
int launch_save(struct launch *launch, struct err *err);

/** Send the first process's pidfd to whoever asked for it, by option or by annotation. */
int launch_send_pidfd(const struct launch *launch, int pidfd, struct err *err);

/** Take the container away: its processes, control group and record; the poststop hooks run. */
void launch_undo(struct launch *launch);

/** Release the memory and descriptors; tells the steps to whoever asked. */
void launch_done(struct launch *launch);
