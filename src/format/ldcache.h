/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * /etc/ld.so.cache: which library name is in which file, as ldconfig(8) wrote it for the loader.
 * Read: the format of glibc >= 2.2, alone or behind a cache of the older format, and the older
 * format itself. Written: the newer one.
 */
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LDCACHE_MAX (64u << 20) /* bytes of a cache file */

struct ldcache_entry {
	const char *name; /* "libc.so.6", borrowed from the cache */
	const char *path;
	const char *hwcaps;     /* glibc-hwcaps subdirectory ("x86-64-v3"), or NULL */
	int32_t flags;          /* kind and architecture, as ldconfig wrote them */
	bool is_legacy_variant; /* for a CPU feature in the way of glibc < 2.33 */
};

struct ldcache {
	char *bytes;                   /* owned copy of the file */
	struct ldcache_entry *entries; /* in the order of the file */
	size_t entries_len;
};
void ldcache_done(struct ldcache *cache);

/**
 * Read a cache of this machine's byte order.
 * @return 0; -1 ERR_INVALID: unknown format or damaged (every offset is checked)
 * Source: glibc sysdeps/generic/dl-cache.h (format), ld.so(8)
 */
int ldcache_parse(const void *data, size_t len, struct ldcache *out, struct err *err);

/** Append the bytes of a cache with these entries (no hwcaps) to `out`, sorted as the loader's
 *  binary search wants them. The order of `entries` does not matter. */
void ldcache_format(const struct ldcache_entry *entries, size_t len, struct buf *out);
