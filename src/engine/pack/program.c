/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a program is, by its first bytes, and what the kernel would open next. The file is never
 * run. Interpreters of scripts may be scripts themselves, as deep as the kernel goes.
 */
#include "engine/pack/program.h"

#include "base/mem.h"
#include "format/script.h"
#include "sys/fd.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INTERPRETERS_MAX 5

void pack_programs_done(struct pack_programs *programs)
{
	strv_done(&programs->seen);
	strv_done(&programs->directories);
}

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

char *pack_program_locate(const struct pack_programs *programs, const char *name, struct err *err)
{
	AUTO(struct strv, strv_done) dirs = { 0 };
	if (name[0] == '/')
		return mem_strdup(name);
	if (strchr(name, '/') != NULL) {
		char cwd[PATH_MAX];
		if (getcwd(cwd, sizeof(cwd)) == NULL) {
			err_sys(err, "find the current directory");
			return NULL;
		}
		return mem_printf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, name);
	}
	strv_split(&dirs, programs->search_path, ':');
	for (size_t i = 0; i < dirs.len && *name != '\0'; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", dirs.items[i], name);
		if (path[0] == '/' && is_program(path))
			return ptr_take(&path);
	}
	err_set(err, ERR_NOT_FOUND, "no program \"%s\" in PATH (%s)", name, programs->search_path);
	return NULL;
}

void pack_program_note_directory(struct pack_programs *programs, const char *path)
{
	AUTO_FREE char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));
	if (strv_find(&programs->directories, dir) < 0)
		strv_add(&programs->directories, dir);
}

static int add_at_depth(struct pack_programs *programs, const char *path,
			const struct pack_why *why, int depth, struct err *err);

/* "#!/usr/bin/env python3": env looks for python3 in PATH, and so do we. */
static int add_env_command(struct pack_programs *programs, const struct script *script,
			   const char *owner, int depth, struct err *err)
{
	const struct pack_why why = { "interpreter", owner };
	AUTO_FREE char *command = script_env_command(script);
	if (command == NULL)
		return 0;
	AUTO_FREE char *path = pack_program_locate(programs, command, err);
	if (path == NULL)
		return err_context(err, "the interpreter of %s", owner);
	pack_program_note_directory(programs, path);
	return add_at_depth(programs, path, &why, depth + 1, err);
}

static int add_script(struct pack_programs *programs, const struct script *script,
		      const char *owner, int depth, struct err *err)
{
	const struct pack_why why = { "interpreter", owner };
	if (script->interpreter[0] != '/')
		return err_set(err, ERR_INVALID, "%s: the interpreter \"%s\" is no full path",
			       owner, script->interpreter);
	if (depth == INTERPRETERS_MAX)
		return err_num(err, ELOOP, "%s: an interpreter of interpreters, %d deep", owner,
			       depth);
	if (add_at_depth(programs, script->interpreter, &why, depth + 1, err) < 0)
		return err_context(err, "the interpreter of %s", owner);
	return add_env_command(programs, script, owner, depth, err);
}

static int add_elf(struct pack_programs *programs, const char *path, const char *owner, int fd,
		   struct err *err)
{
	AUTO(struct elf, elf_done) elf = { 0 };
	if (elf_read(fd, &elf, err) < 0)
		return err_context(err, "%s", path);
	if (!elf_machine_is_ours(&elf))
		return err_set(err, ERR_UNSUPPORTED, "%s is a program for %s, this machine is %s",
			       path, elf_machine_name(&elf), elf_own_machine_name());
	if (elf.type != ET_EXEC && elf.type != ET_DYN)
		return err_set(err, ERR_INVALID, "%s is an ELF file, but not a program", path);
	if (programs->goarch == NULL)
		programs->goarch = elf_machine_goarch(&elf);
	return pack_libs_add(programs->libs, path, owner, &elf, err);
}

static int add_at_depth(struct pack_programs *programs, const char *path,
			const struct pack_why *why, int depth, struct err *err)
{
	AUTO(struct script, script_done) script = { 0 };
	char header[SCRIPT_LINE_MAX];
	AUTO_FD fd = pack_open_regular(path);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	ssize_t len = pread(fd, header, sizeof(header), 0);
	if (len < 0)
		return err_sys(err, "read %s", path);
	const struct pack_entry *entry = pack_tree_add(programs->tree, path, why, err);
	if (entry == NULL)
		return -1;
	if (strv_find(&programs->seen, entry->path) >= 0)
		return 0;
	strv_add(&programs->seen, entry->path);
	if (script_parse(header, (size_t)len, &script))
		return add_script(programs, &script, entry->path, depth, err);
	if (elf_is_magic(header, (size_t)len))
		return add_elf(programs, path, entry->path, fd, err);
	return err_set(err, ERR_INVALID, "%s is neither an ELF program nor a script with \"#!\"",
		       path);
}

int pack_program_add(struct pack_programs *programs, const char *path, const struct pack_why *why,
		     struct err *err)
{
	return add_at_depth(programs, path, why, 0, err);
}

int pack_program_add_closure(struct pack_programs *programs, const struct pack_entry *entry,
			     struct err *err)
{
	AUTO(struct elf, elf_done) elf = { 0 };
	AUTO_FD fd = pack_open_regular(entry->host_path);
	char magic[4];
	if (fd < 0 || pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) ||
	    !elf_is_magic(magic, sizeof(magic)))
		return 0;
	if (elf_read(fd, &elf, NULL) < 0 || !elf_machine_is_ours(&elf) ||
	    (elf.type != ET_EXEC && elf.type != ET_DYN))
		return 0;
	programs->libs->warn_missing = true;
	int result = pack_libs_add(programs->libs, entry->host_path, entry->path, &elf, err);
	programs->libs->warn_missing = false;
	return result;
}
