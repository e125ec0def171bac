/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One library name, looked for where the loader looks (the order is in libs.h). */
#include "base/err.h"
#include "base/strv.h"
#include "engine/pack/tree.h"
#include "format/elf.h"
#include "format/ldcache.h"

#include <stdbool.h>

/** A mapped file of one program. */
struct pack_object {
	char *path;        /* as it was found */
	char *origin;      /* $ORIGIN */
	struct strv names; /* it answers to: as it was asked for, DT_SONAME */
	struct elf elf;
	struct pack_object *loader;     /* the object that first asked for it; NULL: the program */
	const struct pack_entry *entry; /* in the tree */
};

struct pack_search {
	const struct ldcache *cache;
	const struct pack_object *program;
	const struct pack_object *loader; /* who needs the name */
};

struct pack_found {
	char *path;
	struct elf elf;
};
void pack_found_done(struct pack_found *found);

/** @return true with *out filled if a library of that name is found */
bool pack_search_find(const struct pack_search *search, const char *name, struct pack_found *out);

/** @return true with *out filled if `path` is a library that `like` could load */
bool pack_search_try(const char *path, const struct elf *like, struct pack_found *out);

/** @return true if the loader itself is that library (musl: libc, libpthread, ...) */
bool pack_search_is_builtin(const struct pack_search *search, const char *name);

/** @return true if the loader looks into the directory of `path` without being told to */
bool pack_search_is_default(const char *path);

/** musl's list of directories (/etc/ld-musl-ARCH.path) for a program, owned, or NULL */
char *pack_search_musl_path_file(const struct elf *program);
