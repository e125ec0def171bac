/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which libraries does a program load? Answered as ld.so(8) answers it, from files alone:
 *
 *   1. a name with a slash is a path
 *   2. DT_RPATH of the file that needs it, then of the one that loaded that file, and so on up to
 *      the program; not if the file has a DT_RUNPATH
 *   3. (LD_LIBRARY_PATH is ignored: it belongs to the caller's shell, not to the program)
 *   4. DT_RUNPATH of the file that needs it
 *   5. /etc/ld.so.cache
 *   6. the default directories: /lib and /usr/lib, each after its multiarch subdirectory (Debian)
 *      or lib64
 *
 * with $ORIGIN, $LIB and $PLATFORM expanded, and the glibc-hwcaps variants of each library taken
 * along. Programs whose loader is musl's are searched by its simpler rules.
 */
#include "base/err.h"
#include "base/strv.h"
#include "engine/pack/tree.h"
#include "format/elf.h"
#include "format/ldcache.h"

#define PACK_LDCACHE_PATH "/etc/ld.so.cache"

struct pack_libs {
	struct pack_tree *tree; /* borrowed: where libraries are added */
	struct ldcache cache;   /* of the host; empty if it has none */
	bool warn_missing;      /* a missing library is a warning (files nobody asked to start) */
};

/** Read /etc/ld.so.cache. An unreadable cache is a warning: the directories are searched then. */
void pack_libs_init(struct pack_libs *libs, struct pack_tree *tree);
void pack_libs_done(struct pack_libs *libs);

/**
 * Add the loader of an ELF file, its libraries, theirs, and so on.
 *
 * @path   the file as it is called (for messages and for $ORIGIN)
 * @owner  its path in the tree: the reason of what is added
 */
int pack_libs_add(struct pack_libs *libs, const char *path, const char *owner,
		  const struct elf *elf, struct err *err);

/**
 * Add an /etc/ld.so.cache for those libraries of the tree that the loader finds only through the
 * host's cache. Nothing if there is none.
 */
int pack_libs_add_cache(struct pack_libs *libs, struct err *err);
