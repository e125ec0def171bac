/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loader's search, step by step. Each step proposes files; a file counts if it is a library of
 * the program's own architecture, as for the loader, which passes over others.
 */
#include "engine/pack/search.h"

#include "base/buf.h"
#include "base/mem.h"
#include "engine/pack/tree.h"
#include "sys/fd.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void pack_found_done(struct pack_found *found)
{
	free(found->path);
	elf_done(&found->elf);
	memset(found, 0, sizeof(*found));
}

bool pack_search_try(const char *path, const struct elf *like, struct pack_found *out)
{
	AUTO(struct elf, elf_done) elf = { 0 };
	AUTO_FD fd = pack_open_regular(path);
	if (fd < 0 || elf_read(fd, &elf, NULL) < 0)
		return false;
	if (elf.type != ET_DYN || !elf_machine_equal(&elf, like))
		return false;
	out->path = mem_strdup(path);
	out->elf = elf;
	elf = (struct elf){ 0 };
	return true;
}

/* Debian's layout: a directory per architecture below /usr/lib. */
static bool is_multiarch(const struct elf *elf)
{
	struct stat st;
	const char *triplet = elf_machine_triplet(elf);
	if (triplet == NULL)
		return false;
	AUTO_FREE char *path = mem_printf("/usr/lib/%s", triplet);
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What $LIB stands for: compiled into each distribution's loader. Owned. */
static char *lib_token(const struct elf *elf)
{
	if (is_multiarch(elf))
		return mem_printf("lib/%s", elf_machine_triplet(elf));
	return mem_strdup(elf->bits == 64 ? "lib64" : "lib");
}

/* The length of "$NAME" or "${NAME}" at `at`, or 0. */
static size_t match_token(const char *at, const char *name)
{
	size_t n = strlen(name);
	if (at[1] == '{')
		return strncmp(at + 2, name, n) == 0 && at[2 + n] == '}' ? n + 3 : 0;
	char next = strncmp(at + 1, name, n) == 0 ? at[1 + n] : 'x';
	bool is_end = next != '_' && !(next >= 'A' && next <= 'Z') &&
		      !(next >= 'a' && next <= 'z') && !(next >= '0' && next <= '9');
	return is_end ? n + 1 : 0;
}

/* Expand the tokens of ld.so(8), "Dynamic string tokens". Owned. */
static char *expand(const char *text, const struct pack_object *owner, const struct elf *program)
{
	AUTO(struct buf, buf_done) out = { 0 };
	AUTO_FREE char *lib = lib_token(program);
	const char *platform = elf_machine_platform(program);
	const struct {
		const char *name, *value;
	} tokens[] = {
		{ "ORIGIN", owner->origin },
		{ "LIB", lib },
		{ "PLATFORM", platform != NULL ? platform : "" },
	};
	while (*text != '\0') {
		size_t used = 0;
		for (size_t i = 0; *text == '$' && used == 0 && i < ARRAY_LEN(tokens); i++) {
			used = match_token(text, tokens[i].name);
			if (used > 0)
				buf_add_str(&out, tokens[i].value);
		}
		if (used == 0)
			buf_add_char(&out, *text);
		text += used > 0 ? used : 1;
	}
	return buf_take(&out);
}

static bool try_in(const char *dir, const char *name, const struct elf *program,
		   struct pack_found *out)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, name);
	return pack_search_try(path, program, out);
}

/* A colon-separated list that belongs to `owner`. Relative parts depend on where the program is
 * started: they are passed over. */
static bool try_list(const struct pack_search *search, const char *list,
		     const struct pack_object *owner, const char *name, struct pack_found *out)
{
	AUTO(struct strv, strv_done) dirs = { 0 };
	const struct elf *program = &search->program->elf;
	strv_split(&dirs, list, ':');
	for (size_t i = 0; i < dirs.len; i++) {
		AUTO_FREE char *dir = expand(dirs.items[i], owner, program);
		if (dir[0] == '/' && try_in(dir, name, program, out))
			return true;
	}
	return false;
}

static bool try_rpaths(const struct pack_search *search, const char *name, struct pack_found *out)
{
	if (search->loader->elf.runpath != NULL)
		return false;
	for (const struct pack_object *o = search->loader; o != NULL; o = o->loader)
		if (o->elf.rpath != NULL && try_list(search, o->elf.rpath, o, name, out))
			return true;
	return false;
}

bool pack_search_is_default(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strncmp(path, "/usr/", 5) == 0)
		path += 4;
	if (slash == NULL || slash < path || strncmp(path, "/lib", 4) != 0)
		return false;
	size_t len = (size_t)(slash - path);
	if (len == 4)
		return true;
	/* One directory below /lib, named for an architecture. */
	AUTO_FREE char *below = mem_strndup(path + 4, len - 4);
	return below[0] == '/' && strchr(below + 1, '/') == NULL &&
	       strstr(below, "-linux-") != NULL;
}

static bool try_cache(const struct pack_search *search, const char *name, struct pack_found *out)
{
	for (size_t i = 0; i < search->cache->entries_len; i++) {
		const struct ldcache_entry *entry = &search->cache->entries[i];
		if (strcmp(entry->name, name) != 0 || entry->hwcaps != NULL ||
		    entry->is_legacy_variant)
			continue;
		if (search->loader->elf.is_nodeflib && pack_search_is_default(entry->path))
			continue;
		if (pack_search_try(entry->path, &search->program->elf, out))
			return true;
	}
	return false;
}

static bool try_defaults(const struct pack_search *search, const char *name, struct pack_found *out)
{
	const struct elf *program = &search->program->elf;
	AUTO_FREE char *lib = lib_token(program);
	AUTO_FREE char *usr_lib = mem_printf("/usr/%s", lib);
	AUTO_FREE char *root_lib = mem_printf("/%s", lib);
	const char *const dirs[] = { root_lib, usr_lib, "/lib", "/usr/lib" };
	if (search->loader->elf.is_nodeflib)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (try_in(dirs[i], name, program, out))
			return true;
	return false;
}

static const char *musl_loader_name(const struct elf *program)
{
	const char *slash = program->interpreter != NULL ? strrchr(program->interpreter, '/')
							 : NULL;
	return slash != NULL && strncmp(slash + 1, "ld-musl-", 8) == 0 ? slash + 1 : NULL;
}

char *pack_search_musl_path_file(const struct elf *program)
{
	const char *name = musl_loader_name(program);
	const char *end = name != NULL ? strstr(name, ".so") : NULL;
	return end != NULL ? mem_printf("/etc/%.*s.path", (int)(end - name), name) : NULL;
}

bool pack_search_is_builtin(const struct pack_search *search, const char *name)
{
	static const char *const parts[] = { "c", "pthread", "rt", "m", "dl", "util", "xnet" };
	if (musl_loader_name(&search->program->elf) == NULL || strncmp(name, "lib", 3) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		size_t n = strlen(parts[i]);
		if (strncmp(name + 3, parts[i], n) == 0 && name[3 + n] == '.')
			return true;
	}
	return false;
}

/* musl: both kinds of paths are the same and count for what is loaded below; then one list. */
static bool find_musl(const struct pack_search *search, const char *name, struct pack_found *out)
{
	for (const struct pack_object *o = search->loader; o != NULL; o = o->loader) {
		const char *list = o->elf.runpath != NULL ? o->elf.runpath : o->elf.rpath;
		if (list != NULL && try_list(search, list, o, name, out))
			return true;
	}
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FREE char *file = pack_search_musl_path_file(&search->program->elf);
	AUTO_FD fd = file != NULL ? pack_open_regular(file) : -1;
	if (fd < 0 || fd_read_all(fd, 65536, file, &text, NULL) < 0) {
		buf_reset(&text);
		buf_add_str(&text, "/lib:/usr/local/lib:/usr/lib");
	}
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n')
			text.data[i] = ':';
	return try_list(search, buf_str(&text), search->program, name, out);
}

bool pack_search_find(const struct pack_search *search, const char *name, struct pack_found *out)
{
	if (strchr(name, '/') != NULL) {
		AUTO_FREE char *path = expand(name, search->loader, &search->program->elf);
		return path[0] == '/' && pack_search_try(path, &search->program->elf, out);
	}
	if (musl_loader_name(&search->program->elf) != NULL)
		return find_musl(search, name, out);
	if (try_rpaths(search, name, out))
		return true;
	const char *runpath = search->loader->elf.runpath;
	if (runpath != NULL && try_list(search, runpath, search->loader, name, out))
		return true;
	return try_cache(search, name, out) || try_defaults(search, name, out);
}
