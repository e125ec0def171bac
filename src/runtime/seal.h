/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Our own program out of a container's reach, where other processes can see us.
 *
 * A payload that is a script for /proc/self/exe is, for a moment, our own program, with the rights
 * of the container. Processes of a joined pid namespace see it, and so does every other container
 * that has the host's. Somebody who opens it through /proc/PID/exe could write into the host's file
 * later. Through a read-only mount he cannot, whatever he keeps open, nor into a sealed copy in
 * memory, which is what a caller without the right to copy mounts gets.
 */
#include "base/err.h"

#include <stdbool.h>

/** For libexec_find() of a program that runs from the read-only mount: /proc/self/exe is "/" there.
 */
#define SEAL_LIBEXEC_ENV "ONGGI_LIBEXEC"

/**
 * If our program could be written to from a container: go over to a read-only copy of its mount
 * (seal_swap.h). Where that cannot be, execute the same program with the same arguments again, from
 * there or from a sealed copy of it, and do not return. So call it before the first side effect and
 * before signals are blocked for good.
 *
 * @libexec_path  told to the next program in SEAL_LIBEXEC_ENV; NULL: nothing to tell
 * @return 0 nothing (more) to do; -1 ERR_SYSTEM
 */
int seal_program(const char *libexec_path, struct err *err);

/**
 * The same at a third of the cost, for a caller whose child by fork becomes the payload: the child
 * has nothing mapped yet that would have to be mapped again, and the parent, which no container can
 * name, stays as it is. Where a child could not do it (seal_swap.h), seal_program() is done at
 * once.
 *
 * @out_copy_fd  -1: nothing to do any more. Else owned, for seal_child(); the close of the last
 *               descriptor of it waits for an RCU grace period
 * @return 0; -1 as seal_program()
 */
int seal_prepare(const char *libexec_path, int *out_copy_fd, struct err *err);

/** Would seal_prepare() give a descriptor? For whoever only tells what would be done. */
bool seal_is_for_child(void);

/** In the child, while it still has the rights of its parent. @return 0; -1: it must not go on */
int seal_child(int copy_fd, struct err *err);
