/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Telling a service manager that a container is ready: the payload has a socket of its own, and
 * what it says there is passed on to the socket that NOTIFY_SOCKET of the caller names. As with
 * runc, the container sees /run/notify/notify.sock, a directory of its record.
 * Source: sd_notify(3); runc's terminology "notify socket"
 */
#include "oci/spec.h"
#include "runtime/bundle/record.h"

struct notify {
	int host_fd;   /* connected to the service manager */
	int socket_fd; /* what the payload writes to arrives here */
};

#define NOTIFY_INIT                                                                                \
	{                                                                                          \
		.host_fd = -1, .socket_fd = -1                                                     \
	}

/** Does the environment of the caller name a socket? */
bool notify_is_wanted(void);

/** Where a container sees the directory. */
#define NOTIFY_INSIDE "/run/notify"

/**
 * Where the directory is on the host.
 * @makes   if it is not there
 * @return  owned path; NULL without it, with an error if it should be made
 */
char *notify_directory(const struct record *record, bool makes, struct err *err);

/** A container that is made: give it the directory, and tell it by its environment. */
int notify_prepare(const struct record *record, struct spec *spec, struct err *err);

/** Before its program begins: listen. Without a directory (it was made when nobody asked) or a
 *  service manager that can be reached nothing is opened, the latter with a warning.
 *  @out  notify_close() it @return 0 or -1 */
int notify_open(const struct record *record, struct notify *out, struct err *err);
void notify_close(struct notify *notify);

/**
 * Take one message of the payload and pass on what a manager is to know of its service.
 * @main_pid  told with "ready" as the service's main process
 * @return 1 it is ready, 0 not yet, -1 there is no (more) message or the manager is gone
 */
int notify_pass(struct notify *notify, pid_t main_pid);

/** Until the process says that it is ready, or ends, or a signal ends the wait: then the manager
 *  has heard it. Nothing open: at once. */
void notify_await_ready(struct notify *notify, pid_t pid, int pidfd);
