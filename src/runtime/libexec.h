/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where our other programs are. */
#include "base/err.h"

#include <stdbool.h>

/**
 * The directory of the workers: beside our own binary in a build tree, PREFIX/libexec/onggi when
 * installed, or what SEAL_LIBEXEC_ENV says (runtime/seal.h).
 * @return owned; NULL with ERR_SYSTEM
 */
char *libexec_find(struct err *err);

/** A worker that not every build has. */
struct libexec_worker {
	const char *name;
	const char *needed_by; /* for the message: "--systemd-cgroup needs" */
	const char *hint;      /* how to come by it */
};

/** Is it there? @return 0, or -1 ERR_UNSUPPORTED */
int libexec_check(const char *libexec_path, const struct libexec_worker *worker, struct err *err);

/** The same where no directory was told. */
bool libexec_has(const struct libexec_worker *worker);
