/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The options of `run` and `explain`: the table, what it is parsed into, and how that becomes the
 * engine's run_options. The parts: run_table.c (rows), run_input.c (the whole), run_limits.c,
 * run_mounts.c, run_isolation.c (what the custom options mean).
 */
#include "cli/option.h"
#include "engine/run.h"

enum run_pull { RUN_PULL_MISSING, RUN_PULL_ALWAYS, RUN_PULL_NEVER };

struct run_input {
	struct run_options options;
	enum run_pull pull;
	/* Kept until every option is read: their order on the command line does not matter. */
	struct strv env, env_files, labels, label_files;
	struct strv attach; /* "stdin", ... */
	struct cgroup_value shm_size;
	struct cgroup_value pids_limit;
	uint64_t cpus_billionths; /* --cpus; 0: not given */
	char *trace_path;
	bool is_quiet;       /* nothing is said of a pull */
	bool no_healthcheck; /* it is so anyway */
	bool is_json;        /* explain only */
	int trace_fd;        /* owned; -1: none of our own */
};

/** Zero, with the defaults of the command line; for struct verb, hence the void. */
void run_input_init(void *input);
void run_input_done(void *input);

extern const struct option_row run_option_rows[];
extern const struct option_row run_refused_rows[]; /* Docker's that are not there yet */

/**
 * Check what the options mean together, read the files they name, and take the operands (image,
 * command). Afterwards input->options is what the engine wants; it is valid as long as `input`.
 */
int run_input_finish(struct run_input *input, const struct strv *operands, struct err *err);

/* Setters of the rows, by file; the row's `extra` is named behind each. */
option_set run_set_memory_swap, run_set_cpus, run_set_throttle /* enum throttle_unit */;
option_set run_set_ulimit, run_set_hugetlb;
int run_limits_finish(struct run_input *input, struct err *err);

option_set run_set_mount, run_set_volume, run_set_tmpfs, run_set_device, run_set_device_rule;

option_set run_set_namespace /* bits 1 << enum run_ns_kind that are allowed */;
option_set run_set_security, run_set_isolate, run_set_time_offset, run_set_profile, run_set_trace;

/** An absolute host path from what the user wrote. @return owned, or NULL with err */
char *run_absolute_path(const char *path, struct err *err);

/** Grow a heap array by one zeroed element. @return the element */
void *run_array_add(void *items_pointer, size_t *len, size_t item_size);
