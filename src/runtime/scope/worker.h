/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The worker's side: linked into onggi-systemd and nothing else, with libsystemd. */
#include "base/err.h"
#include "runtime/scope/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/** A request as it came: words of the packet, borrowed. */
struct worker_request {
	const char *verb, *unit;
	bool is_user;
	char *const *properties; /* flat, see property.h */
	size_t properties_len;   /* words */
};

/**
 * Connect to the manager: directly where it listens (one hop less, and works without a bus
 * daemon), else by the bus.
 * @return 0 with a bus that has time-outs; -1 ERR_SYSTEM naming what was tried
 */
int bus_open(bool is_user, sd_bus **out, struct err *err);

/** Set `err` from a failed call: ERR_REMOTE with systemd's own words. @return -1 */
int bus_fail(const sd_bus_error *error, int rc, struct err *err, const char *what);

/** Call a method of the manager's; `message` is consumed, *out_reply to be unreferenced (may be
 * NULL). */
sd_bus_message *bus_new_call(sd_bus *bus, const char *method);

/** Append a(sv) with all properties that this systemd knows. @return 0; -1 ERR_INVALID */
int bus_append_properties(sd_bus *bus, sd_bus_message *message,
			  const struct worker_request *request, struct err *err);

/** Do what is asked. @return 0, or -1 */
int unit_start(sd_bus *bus, const struct worker_request *request, struct scope_reply *reply,
	       struct err *err);
int unit_set(sd_bus *bus, const struct worker_request *request, struct err *err);
int unit_stop(sd_bus *bus, const struct worker_request *request, struct err *err);
int unit_join(sd_bus *bus, const struct worker_request *request, struct err *err);

/** Read one request from SCOPE_SOCK_FD, do it, answer. @return exit status */
int scope_worker_main(void);
