/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of registries: "HOST[:PORT]", with a repository's path or the beginning of one behind it.
 * The default registry has several names; inside it is "docker.io".
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

/** Check a name as people write it, with or without a scheme. @return owned; NULL, ERR_INVALID */
char *server_name_parse(const char *text, struct err *err);

/** The name that a key in a file of credentials means: "https://index.docker.io/v1/" is docker.io.
 *  @return owned */
char *server_name_of_key(const char *key);

/** The key under which docker, and we, write a name. Borrowed from `name`, or static. */
const char *server_key(const char *name);

/** Where that registry answers: the host of a name without a path. Borrowed, or static. */
const char *server_address(const char *host);

/** The names that stand for a repository, most specific first: "h/a/b", "h/a", "h". */
void server_names_above(const char *name, struct strv *out);

/** Does `name` lie in `prefix` ("h" or "h/a", or "*.domain")? */
bool server_is_within(const char *name, const char *prefix);

/** Addresses by CIDR. */
struct server_range {
	uint8_t bytes[16];
	unsigned bits; /* that count */
	bool is_v6;
};

/** "10.1.0.0/16", "::1/128". @return false when it is no range */
bool server_range_parse(const char *text, struct server_range *out);

/** Is the host, given as an address and not as a name, in the range? */
bool server_is_in_range(const char *host, const struct server_range *range);

/** Is it this machine: localhost, 127.0.0.0/8 or ::1? */
bool server_is_loopback(const char *host);
