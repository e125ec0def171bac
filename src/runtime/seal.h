/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Our own program out of a container's reach, where other processes of the container can see us.
 *
 * In a new pid namespace nobody is there to look. In a joined one, processes of that container see
 * the payload from its first moment; and a payload that is a script for /proc/self/exe is, for that
 * moment, our own program. Somebody who opens it through /proc/PID/exe could write into the host's
 * file later. Through a read-only mount he cannot, whatever he keeps open, nor into a sealed copy
 * in memory, which is what a caller without the right to copy mounts gets.
 */
#include "base/err.h"
#include "oci/spec.h"

/** For libexec_find() of a program that runs from the read-only mount: /proc/self/exe is "/" there.
 */
#define SEAL_LIBEXEC_ENV "ONGGI_LIBEXEC"

/**
 * If `spec` joins a pid namespace and our program can be written to from there: go over to a
 * read-only copy of its mount (seal_swap.h). Where that cannot be, execute the same program with
 * the same arguments again, from there or from a sealed copy of it, and do not return. So call it
 * before the first side effect and before signals are blocked for good.
 *
 * @libexec_path  told to the next program in SEAL_LIBEXEC_ENV; NULL: nothing to tell
 * @return 0 nothing to do; -1 ERR_SYSTEM
 */
int seal_for(const struct spec *spec, const char *libexec_path, struct err *err);

/** The same whatever is joined: for a process that enters a container. */
int seal_always(const char *libexec_path, struct err *err);
