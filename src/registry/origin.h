/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whom an address belongs to. Credentials are bound to an origin: scheme, host and port.
 * Source: RFC 6454
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct origin {
	bool is_https;
	char host[256]; /* lower case; an IPv6 address keeps its brackets */
	uint16_t port;
};

/**
 * The origin of an http or https URL. Strict, so that nobody reads the URL differently: no user
 * names, no blanks, no backslashes, ASCII only, at most FETCH_URL_MAX bytes.
 * @return 0, or -1 ERR_INVALID
 */
int origin_of(const char *url, struct origin *out, struct err *err);

/** The same scheme, host and port? */
bool origin_equal(const struct origin *a, const struct origin *b);

/**
 * May who answers as `registry` name `realm` as the place that our credentials go to? The same
 * host, or one below the same domain as a person would register it (the last two labels, or three
 * under "co.uk" and its like); never from https to http, and http only for the same host.
 */
bool origin_may_have_credentials(const struct origin *registry, const struct origin *realm);
