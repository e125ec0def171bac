/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The worker's seccomp filter: what it takes to read, inflate and write files, nothing else. */
#include "base/err.h"

/** Install it for the calling thread and those it makes. Needs no_new_privs. */
int filter_install(struct err *err);
