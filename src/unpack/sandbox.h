/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Giving everything up before the first foreign byte is read. docs/unpack.md lists the walls and
 * what each one is for.
 */
#include "base/err.h"

#include <stdint.h>

#define SANDBOX_FDS 6 /* 0 to 5: unpack/protocol.h; everything else is closed */

/* AddressSanitizer makes calls and maps memory as no worker does: then there is no seccomp filter
 * and no limit on memory. Only tests are built so. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_IS_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_IS_SANITIZED
#define SANDBOX_IS_SANITIZED 0
#endif

struct sandbox {
	uint64_t caps;  /* capability bits to keep, inside the user namespace */
	int control_fd; /* the socket: when the other end closes, the worker is killed */
	int write_fd;   /* a directory where files may be made, or -1 */
	int read_fd;    /* a directory whose files may be opened for reading, or -1 */
};

/**
 * Go into the sandbox. Returns in a child; the caller itself stays outside, reads nothing, waits
 * for the child and exits with its status.
 *
 * @return 0 inside, -1 (nothing was read yet)
 */
int sandbox_enter(const struct sandbox *sandbox, struct err *err);

/** The capabilities that filling a layer takes. */
uint64_t sandbox_layer_caps(void);
