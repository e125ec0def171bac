/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The closure of one program: breadth first, as the loader maps its libraries, because the first
 * file that carries a name serves all who ask for that name. Where a name is looked for is
 * search.c's business.
 */
#include "engine/pack/libs.h"

#include "base/mem.h"
#include "base/warn.h"
#include "engine/pack/search.h"
#include "sys/fd.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECTS_MAX 4096 /* libraries of one program */

void pack_libs_init(struct pack_libs *libs, struct pack_tree *tree)
{
	struct err err = { 0 };
	AUTO(struct buf, buf_done) text = { .max_bytes = LDCACHE_MAX + 65536 * 2 };
	*libs = (struct pack_libs){ .tree = tree };
	AUTO_FD fd = pack_open_regular(PACK_LDCACHE_PATH);
	if (fd < 0)
		return;
	if (fd_read_all(fd, LDCACHE_MAX, PACK_LDCACHE_PATH, &text, &err) < 0 ||
	    ldcache_parse(text.data, text.len, &libs->cache, &err) < 0)
		warn_say("%s is not used: %s", PACK_LDCACHE_PATH, err.text);
}

void pack_libs_done(struct pack_libs *libs)
{
	ldcache_done(&libs->cache);
}

/* All that one program maps. */
struct closure {
	struct pack_libs *libs;
	struct pack_object **objects; /* owned; [0] is the program */
	size_t len;
};

static void closure_done(struct closure *closure)
{
	for (size_t i = 0; i < closure->len; i++) {
		struct pack_object *o = closure->objects[i];
		free(o->path);
		free(o->origin);
		strv_done(&o->names);
		elf_done(&o->elf);
		free(o);
	}
	free(closure->objects);
}

static struct pack_object *closure_push(struct closure *closure)
{
	closure->objects = mem_realloc(closure->objects,
				       (closure->len + 1) * sizeof(struct pack_object *));
	struct pack_object *object = mem_alloc(1, sizeof(*object));
	closure->objects[closure->len++] = object;
	return object;
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL && slash != path ? mem_strndup(path, (size_t)(slash - path))
					      : mem_strdup("/");
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

/* An object of this closure that already answers to the name. */
static struct pack_object *find_loaded(const struct closure *closure, const char *name)
{
	for (size_t i = 0; i < closure->len; i++)
		if (strv_find(&closure->objects[i]->names, name) >= 0)
			return closure->objects[i];
	return NULL;
}

static struct pack_object *find_entry(const struct closure *closure, const struct pack_entry *entry)
{
	for (size_t i = 0; i < closure->len; i++)
		if (closure->objects[i]->entry == entry)
			return closure->objects[i];
	return NULL;
}

/* Take the file found for `name` into tree and closure. `found` is consumed. */
static int closure_take(struct closure *closure, struct pack_object *loader, const char *name,
			struct pack_found *found, struct err *err)
{
	const struct pack_why why = { "library", loader->entry->path };
	const struct pack_entry *entry = pack_tree_add(closure->libs->tree, found->path, &why, err);
	if (entry == NULL)
		return -1;
	struct pack_object *known = find_entry(closure, entry);
	if (known != NULL) {
		strv_add(&known->names, name);
		return 0;
	}
	if (closure->len == OBJECTS_MAX)
		return err_set(err, ERR_INVALID, "%s needs more than %d libraries",
			       closure->objects[0]->path, OBJECTS_MAX);
	struct pack_object *object = closure_push(closure);
	object->path = ptr_take(&found->path);
	object->origin = directory_of(object->path);
	object->elf = found->elf;
	found->elf = (struct elf){ 0 };
	object->loader = loader;
	object->entry = entry;
	strv_add(&object->names, name);
	if (object->elf.soname != NULL)
		strv_add(&object->names, object->elf.soname);
	return 0;
}

/* The variants for newer CPUs beside a library: the loader prefers them when it searches. */
static int take_variants(struct closure *closure, struct pack_object *loader, const char *name,
			 const char *dir, struct err *err)
{
	AUTO_FREE char *parent = mem_printf("%s/glibc-hwcaps", dir);
	struct dirent **levels = NULL;
	int len = scandir(parent, &levels, NULL, alphasort);
	int result = 0;
	for (int i = 0; i < len; i++) {
		AUTO(struct pack_found, pack_found_done) found = { 0 };
		if (result == 0 && levels[i]->d_name[0] != '.') {
			AUTO_FREE char *path = mem_printf("%s/%s/%s", parent, levels[i]->d_name,
							  name);
			if (pack_search_try(path, &closure->objects[0]->elf, &found))
				result = closure_take(closure, loader, name, &found, err);
		}
		free(levels[i]);
	}
	free(levels);
	return result;
}

static int add_needed(struct closure *closure, struct pack_object *loader, const char *name,
		      struct err *err)
{
	AUTO(struct pack_found, pack_found_done) found = { 0 };
	struct pack_object *loaded = find_loaded(closure, name);
	if (loaded != NULL) {
		const struct pack_why why = { "library", loader->entry->path };
		return pack_tree_add(closure->libs->tree, loaded->path, &why, err) != NULL ? 0 : -1;
	}
	struct pack_search search = { .cache = &closure->libs->cache,
				      .program = closure->objects[0],
				      .loader = loader };
	if (pack_search_is_builtin(&search, name))
		return 0;
	if (!pack_search_find(&search, name, &found)) {
		if (closure->libs->warn_missing) {
			warn_say("%s needs %s, which is nowhere: not packed", loader->path, name);
			return 0;
		}
		err_set(err, ERR_NOT_FOUND, "%s needs the library %s, which is nowhere",
			loader->path, name);
		return err_hint(err, "searched as the loader does: DT_RPATH, DT_RUNPATH, "
				     "/etc/ld.so.cache, default directories; LD_LIBRARY_PATH does "
				     "not count");
	}
	AUTO_FREE char *dir = directory_of(found.path);
	if (closure_take(closure, loader, name, &found, err) < 0)
		return -1;
	return strchr(name, '/') == NULL ? take_variants(closure, loader, name, dir, err) : 0;
}

static int add_musl_path(struct closure *closure, const struct pack_object *program,
			 struct err *err)
{
	const struct pack_why why = { "loader", program->entry->path };
	AUTO_FREE char *path = pack_search_musl_path_file(&program->elf);
	if (path == NULL || access(path, R_OK) < 0)
		return 0;
	return pack_tree_add(closure->libs->tree, path, &why, err) != NULL ? 0 : -1;
}

/* PT_INTERP: mapped by the kernel, and known to the program as its libc's companion. */
static int add_loader(struct closure *closure, struct pack_object *program, struct err *err)
{
	const char *path = program->elf.interpreter;
	const struct pack_why why = { "loader", program->entry->path };
	AUTO(struct pack_found, pack_found_done) found = { 0 };
	if (path == NULL)
		return 0;
	if (path[0] != '/')
		return err_set(err, ERR_INVALID, "%s names a loader without a full path: %s",
			       program->path, path);
	const struct pack_entry *entry = pack_tree_add(closure->libs->tree, path, &why, err);
	if (entry == NULL || !pack_search_try(path, &program->elf, &found)) {
		if (entry != NULL)
			err_set(err, ERR_INVALID, "%s is no loader for %s", path,
				elf_machine_name(&program->elf));
		return err_context(err, "the loader of %s", program->path);
	}
	struct pack_object *object = closure_push(closure);
	object->path = ptr_take(&found.path);
	object->origin = directory_of(object->path);
	object->loader = program;
	object->entry = entry;
	strv_add(&object->names, base_name(path));
	if (found.elf.soname != NULL)
		strv_add(&object->names, found.elf.soname);
	return add_musl_path(closure, program, err);
}

static int walk_closure(struct closure *closure, struct err *err)
{
	if (add_loader(closure, closure->objects[0], err) < 0)
		return -1;
	for (size_t i = 0; i < closure->len; i++) {
		struct pack_object *object = closure->objects[i];
		for (size_t n = 0; n < object->elf.needed.len; n++)
			if (add_needed(closure, object, object->elf.needed.items[n], err) < 0)
				return -1;
	}
	return 0;
}

int pack_libs_add(struct pack_libs *libs, const char *path, const char *owner,
		  const struct elf *elf, struct err *err)
{
	AUTO(struct closure, closure_done) closure = { .libs = libs };
	struct pack_object *program = closure_push(&closure);
	program->entry = pack_tree_find(libs->tree, owner);
	program->path = mem_strdup(path);
	/* The kernel tells a program its path without symlinks; libraries keep the one they were
	 * found under. */
	program->origin = directory_of(owner);
	program->elf = *elf; /* lent by the caller: taken out again below */
	int result = program->entry != NULL
			     ? walk_closure(&closure, err)
			     : err_set(err, ERR_INVALID, "%s is not in the image", owner);
	program->elf = (struct elf){ 0 };
	return result;
}

int pack_libs_add_cache(struct pack_libs *libs, struct err *err)
{
	AUTO_FREE struct ldcache_entry *kept = mem_alloc(libs->cache.entries_len + 1,
							 sizeof(*kept));
	AUTO(struct buf, buf_done) bytes = { 0 };
	const struct pack_entry *first = NULL;
	size_t len = 0;
	for (size_t i = 0; i < libs->cache.entries_len; i++) {
		const struct ldcache_entry *entry = &libs->cache.entries[i];
		if (entry->hwcaps != NULL || entry->is_legacy_variant ||
		    pack_search_is_default(entry->path))
			continue;
		const struct pack_entry *library = pack_tree_resolve(libs->tree, entry->path);
		if (library == NULL)
			continue;
		if (first == NULL)
			first = library;
		kept[len++] = *entry;
	}
	if (len == 0)
		return 0;
	const struct pack_why why = { "generated", first->path };
	ldcache_format(kept, len, &bytes);
	return pack_tree_add_bytes(libs->tree, PACK_LDCACHE_PATH, bytes.data, bytes.len, &why, err);
}
