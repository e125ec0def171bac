/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Running a bundle in the foreground, from its configuration to its exit status: what the `run` of
 * an OCI runtime does. Source: OCI runtime-spec runtime.md "Lifecycle"
 */
#include "base/err.h"
#include "runtime/boot/boot.h"

#include <stdbool.h>

/** The version of the specification that we follow. */
#define BUNDLE_OCI_VERSION "1.3.0"

struct bundle_run_options {
	const char *id;
	const char *bundle_path;
	const char *config_name; /* NULL: config.json */
	const char *state_path;  /* where locks and records are; made if missing */
	const char *pid_file;    /* NULL: none */
	bool no_pivot;           /* chroot(2) instead of pivot_root(2) */
	bool no_new_keyring;
	boot_exec_diagnose *diagnose;    /* NULL: errors of execve(2) are told as they are */
	void (*debug)(const char *line); /* told each step with its time; NULL: nobody asks */
};

/**
 * Run it to its end.
 * @out_exit_code  the payload's as a shell shows it; written when the payload has run
 * @return 0; -1 ERR_CONFLICT when the id is in use, ERR_INVALID or ERR_UNSUPPORTED for a
 *         configuration that cannot be had, else what failed: nothing is left then
 */
int bundle_run(const struct bundle_run_options *options, int *out_exit_code, struct err *err);
