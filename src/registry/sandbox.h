/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Giving everything up but the network before the first byte is sent. docs/registries.md lists the
 * walls and what each one is for.
 */
#include "base/err.h"

#include <stddef.h>

#define FETCH_SANDBOX_FDS 3 /* 0 to 2: registry/protocol.h */

/* AddressSanitizer makes calls and maps memory as no worker does: then there is no seccomp filter
 * and no limit on memory. Only tests are built so. */
#if defined(__SANITIZE_ADDRESS__)
#define FETCH_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FETCH_IS_SANITIZED 1
#endif
#endif
#ifndef FETCH_IS_SANITIZED
#define FETCH_IS_SANITIZED 0
#endif

/** A file of the new root: all there is to be read. */
struct fetch_sandbox_file {
	const char *path; /* below the root, "etc/hosts" */
	const char *text;
	size_t len;
};

/**
 * Go into the sandbox: the process itself changes. Descriptors other than those in `keep` and the
 * first three must be closed by the caller.
 * @return 0 inside; -1 (nothing was sent yet)
 */
int fetch_sandbox_enter(const struct fetch_sandbox_file *files, size_t len, struct err *err);

/** The list of calls that remain: registry/filter.c. */
int fetch_filter_install(struct err *err);
