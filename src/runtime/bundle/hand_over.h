/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a caller gets of a process that was started for it: its number, its terminal, its pidfd. */
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/** Write a pid file: whole or not at all, since who waits for it reads it as soon as it is there.
 */
int hand_over_pid(const char *path, pid_t pid, struct err *err);

/**
 * Send a descriptor over a stream socket that somebody listens at.
 * @what  goes along as the message, as engines expect of a terminal's name
 * Source: runc's terminal documentation, "console socket"; unix(7) SCM_RIGHTS
 */
int hand_over_fd(const char *socket_path, const char *what, int fd, struct err *err);

/** May a process with (or without) a terminal be given one by this socket (or without one)?
 *  @detach  nobody of ours stays beside it */
int hand_over_check_console(bool terminal, bool detach, const char *socket_path, struct err *err);

/** Are the descriptors there that the payload shall keep? `count` ones after 2. */
int hand_over_check_fds(unsigned count, struct err *err);

/** How many descriptors a socket activator passed to us; 0: none. Source: sd_listen_fds(3) */
unsigned hand_over_listen_fds(void);
