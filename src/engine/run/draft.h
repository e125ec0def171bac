/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A run on its way from options to a boot plan: what `run` and `explain` share. Everything decided
 * here is policy (Docker's defaults, the default profile); everything done is left to the plan.
 */
#include "engine/run.h"
#include "kernel/cgroup/cgroup.h"
#include "oci/spec.h"
#include "runtime/boot/plan.h"
#include "store/container.h"
#include "store/image.h"

struct engine;

/** Where --init finds our init inside: on /dev, which is ours, so that no image is touched. */
#define RUN_INIT_PATH "/dev/onggi-init"

enum run_draft_purpose {
	RUN_DRAFT_RUN,
	RUN_DRAFT_EXPLAIN, /* for reading: "ID" stands for 64 hex digits */
};

struct run_draft {
	struct engine *engine;             /* borrowed */
	const struct run_options *options; /* borrowed */
	enum run_draft_purpose purpose;
	bool has_image;
	struct image image;
	struct container container;
	struct cgroup_layout cgroups;
	char *run_dir; /* host path of run/containers/ID */

	struct spec spec;
	struct strv lower; /* layer paths below layers/, top first */
	char *upper, *work;
	struct overlay overlay;
	char *user; /* to look up inside; "" is root */
	struct boot_options boot;
	char *seccomp_profile; /* JSON text; NULL: no filter */
	int userns_slot_fd;    /* lock of the id range in use, or -1 */
};

/**
 * Decide everything: the image, the name and id, the spec. Reads the store, writes nothing.
 * @return 0; -1 with the error (ERR_NOT_FOUND when there is no such image)
 */
int run_draft_make(struct engine *engine, const struct run_options *options,
		   enum run_draft_purpose purpose, struct run_draft *out, struct err *err);
void run_draft_done(struct run_draft *draft);

/** Refuse options that contradict each other or could have no effect. (check.c) */
int run_draft_check(const struct run_draft *draft, struct err *err);

/* The parts, one file each. All add to draft->spec. */

/** Namespaces, hostname, id maps, what is joined. (namespaces.c) */
int run_draft_namespaces(struct run_draft *draft, struct err *err);

/** /proc, /dev, /sys, the user's mounts, generated files, masks. (mounts.c) */
int run_draft_mounts(struct run_draft *draft, struct err *err);

/** Capabilities, seccomp, labels, devices and their rules. (security.c) */
int run_draft_security(struct run_draft *draft, struct err *err);

/** argv, environment, user, directory, limits. (process.c) */
int run_draft_process(struct run_draft *draft, struct err *err);

/** The part of the record that only inspect reads. (details.c) @return owned JSON text */
char *run_draft_details(const struct run_draft *draft);

/** @return true if --isolate keeps this layer */
static inline bool run_draft_isolates(const struct run_draft *draft, enum isolate_layer layer)
{
	return (draft->options->isolate & (uint32_t)layer) != 0;
}
