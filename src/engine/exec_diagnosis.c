/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Looks at the files a failed execve(2) looked at, in the same order, and names the first one that
 * cannot be right. It is on the path of failure only, so it may read. It must never run anything,
 * and never open what is not a regular file (a FIFO would block, a device might act).
 */
#include "engine/exec_diagnosis.h"

#include "base/buf.h"
#include "base/mem.h"
#include "format/elf.h"
#include "format/script.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127
#define INTERPRETERS_MAX    5 /* scripts run by scripts; the kernel stops there too */
#define HEADER_BYTES        4096

struct diagnosis {
	int root_fd;
	int errnum;
	int depth;
	struct err *err;
};

static int diagnose_file(struct diagnosis *d, const char *path);

static int open_path(int root_fd, const char *path, int extra_flags)
{
	return rooted_open(root_fd, path, O_PATH | extra_flags, 0, NULL);
}

/* The target of the symlink at `path`: owned, or NULL if there is none. */
static char *link_target(int root_fd, const char *path)
{
	AUTO_FD fd = open_path(root_fd, path, O_NOFOLLOW);
	char target[PATH_MAX];
	if (fd < 0)
		return NULL;
	ssize_t n = readlinkat(fd, "", target, sizeof(target));
	return n > 0 && n < (ssize_t)sizeof(target) ? mem_strndup(target, (size_t)n) : NULL;
}

/* One leading part of a path that cannot be opened: true once this part explains it. */
static bool describe_part(int root_fd, const char *part, bool is_last, struct buf *out)
{
	struct stat st;
	AUTO_FD fd = open_path(root_fd, part, 0);
	if (fd >= 0) {
		if (is_last || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
			return false;
		buf_addf(out, "\"%s\" is not a directory", part);
		return true;
	}
	int errnum = errno;
	AUTO_FREE char *target = errnum == ENOENT ? link_target(root_fd, part) : NULL;
	if (target != NULL)
		buf_addf(out,
			 "\"%s\" is a symbolic link to \"%s\", which does not exist in the "
			 "container",
			 part, target);
	else if (errnum == ENOENT && is_last)
		buf_add_str(out, "no such file or directory in the container");
	else if (errnum == ENOENT)
		buf_addf(out,
			 "no such file or directory in the container: it has no directory \"%s\"",
			 part);
	else
		buf_addf(out, "\"%s\": %s", part, strerror(errnum));
	return true;
}

static int diagnose_missing(struct diagnosis *d, const char *path)
{
	AUTO(struct buf, buf_done) why = { 0 };
	AUTO_FREE char *part = mem_strdup(path);
	for (char *slash = part; slash != NULL && *slash != '\0';) {
		slash = strchr(slash + 1, '/');
		if (slash != NULL)
			*slash = '\0';
		if (describe_part(d->root_fd, part, slash == NULL, &why))
			break;
		if (slash != NULL)
			*slash = '/';
	}
	err_set(d->err, ERR_NOT_FOUND, "%s",
		why.len > 0 ? buf_str(&why) : "no such file or directory in the container");
	return EXIT_NOT_FOUND;
}

static bool is_noexec(int fd)
{
	struct statvfs fs;
	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0;
}

static int diagnose_permission(struct diagnosis *d, int fd, const struct stat *st)
{
	if ((st->st_mode & 0111) == 0) {
		err_num(d->err, EACCES, "the file is not executable (mode %04o)",
			st->st_mode & 07777);
		err_hint(d->err, "chmod +x it, or give it to an interpreter: sh FILE");
		return EXIT_NOT_EXECUTABLE;
	}
	if (is_noexec(fd)) {
		err_num(d->err, EACCES, "it is on a file system that is mounted noexec");
		err_hint(d->err, "mount it with the option exec, or copy the program elsewhere");
		return EXIT_NOT_EXECUTABLE;
	}
	err_num(d->err, EACCES, "mode %04o, owner %u:%u", st->st_mode & 07777, st->st_uid,
		st->st_gid);
	err_hint(d->err, "the user inside may not execute it, or not search a directory above it; "
			 "a noexec mount or a security module says the same");
	return EXIT_NOT_EXECUTABLE;
}

static int diagnose_script(struct diagnosis *d, const struct script *script)
{
	size_t len = strlen(script->interpreter);
	if (len > 0 && script->interpreter[len - 1] == '\r') {
		err_set(d->err, ERR_NOT_FOUND,
			"its first line \"#!%.*s\" ends in a carriage return: the kernel looks for "
			"an interpreter of that name",
			(int)len - 1, script->interpreter);
		err_hint(d->err, "the file has line ends of Windows: convert it (dos2unix)");
		return EXIT_NOT_FOUND;
	}
	if (d->depth == INTERPRETERS_MAX) {
		err_num(d->err, ELOOP, "an interpreter of interpreters, %d deep", d->depth);
		return EXIT_NOT_EXECUTABLE;
	}
	d->depth++;
	int code = diagnose_file(d, script->interpreter);
	err_context(d->err, "its interpreter \"%s\", named by its first line", script->interpreter);
	return code;
}

/* A glibc program in an Alpine image, or the other way round, is the usual reason. */
static void hint_loader(struct diagnosis *d, const struct elf *elf)
{
	char musl_path[64];
	const char *platform = elf_machine_platform(elf);
	snprintf(musl_path, sizeof(musl_path), "/lib/ld-musl-%s.so.1",
		 platform != NULL ? platform : "");
	AUTO_FD musl_fd = open_path(d->root_fd, musl_path, 0);
	if (strstr(elf->interpreter, "ld-musl") != NULL)
		err_hint(d->err, "it was built for musl (Alpine), and this image has no musl");
	else if (musl_fd >= 0)
		err_hint(d->err, "it was built for glibc, and this image has musl: build it there, "
				 "or link it statically");
	else
		err_hint(d->err,
			 "the program is dynamically linked: the image needs its loader and "
			 "libraries (onggi pack collects them), or link it statically");
}

static int diagnose_elf(struct diagnosis *d, const struct elf *elf)
{
	if (!elf_machine_is_ours(elf)) {
		err_set(d->err, ERR_UNSUPPORTED, "it is a program for %s, and this machine is %s",
			elf_machine_name(elf), elf_own_machine_name());
		err_hint(d->err, "use the image for this machine's architecture, or register an "
				 "emulator with binfmt_misc");
		return EXIT_NOT_EXECUTABLE;
	}
	if (elf->interpreter == NULL) {
		err_num(d->err, d->errnum, "it is a statically linked program for %s",
			elf_machine_name(elf));
		return EXIT_NOT_EXECUTABLE;
	}
	AUTO_FD loader_fd = open_path(d->root_fd, elf->interpreter, 0);
	if (loader_fd < 0) {
		diagnose_missing(d, elf->interpreter);
		err_context(d->err, "its loader \"%s\"", elf->interpreter);
		hint_loader(d, elf);
		return EXIT_NOT_FOUND;
	}
	err_num(d->err, d->errnum, "its loader \"%s\"", elf->interpreter);
	return EXIT_NOT_EXECUTABLE;
}

static int diagnose_plain(struct diagnosis *d, size_t len)
{
	if (len == 0)
		err_num(d->err, ENOEXEC, "the file is empty");
	else
		err_num(d->err, ENOEXEC,
			"neither an ELF program nor a script with \"#!\" in its first line");
	if (len != 0)
		err_hint(d->err, "a shell script starts with a line such as #!/bin/sh");
	return EXIT_NOT_EXECUTABLE;
}

/* By content: what would the kernel have wanted next? */
static int diagnose_content(struct diagnosis *d, int path_fd)
{
	/* Through /proc: the very file that was looked at, whatever its name is by now. */
	AUTO_FD fd = open(fd_proc_path(path_fd).text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO(struct script, script_done) script = { 0 };
	AUTO(struct elf, elf_done) elf = { 0 };
	struct err elf_err = { 0 };
	char header[HEADER_BYTES];
	ssize_t len = fd >= 0 ? pread(fd, header, sizeof(header), 0) : -1;
	if (len < 0) {
		err_num(d->err, d->errnum, "it cannot be read to find out more");
		return d->errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	if (script_parse(header, (size_t)len, &script))
		return diagnose_script(d, &script);
	if (!elf_is_magic(header, (size_t)len))
		return diagnose_plain(d, (size_t)len);
	if (elf_read(fd, &elf, &elf_err) < 0) {
		err_num(d->err, ENOEXEC, "%s", elf_err.text);
		return EXIT_NOT_EXECUTABLE;
	}
	return diagnose_elf(d, &elf);
}

/* What the kernel opens after this file: the interpreter or the loader. Owned or NULL. */
static char *next_file(int path_fd)
{
	AUTO_FD fd = open(fd_proc_path(path_fd).text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO(struct script, script_done) script = { 0 };
	AUTO(struct elf, elf_done) elf = { 0 };
	char header[SCRIPT_LINE_MAX];
	ssize_t len = fd >= 0 ? pread(fd, header, sizeof(header), 0) : -1;
	if (len > 0 && script_parse(header, (size_t)len, &script))
		return ptr_take(&script.interpreter);
	if (len > 0 && elf_read(fd, &elf, NULL) == 0)
		return ptr_take(&elf.interpreter);
	return NULL;
}

/* EACCES is said of the file, and of its interpreter or loader: blame one that is surely wrong. */
static int diagnose_denied(struct diagnosis *d, int fd, const struct stat *st)
{
	struct stat next_st;
	AUTO_FREE char *next = next_file(fd);
	AUTO_FD next_fd = next != NULL ? open_path(d->root_fd, next, 0) : -1;
	if (is_noexec(fd) || next_fd < 0 || fstat(next_fd, &next_st) < 0)
		return diagnose_permission(d, fd, st);
	if (!S_ISREG(next_st.st_mode))
		err_num(d->err, EACCES, "not a regular file");
	else if ((next_st.st_mode & 0111) == 0 || is_noexec(next_fd))
		diagnose_permission(d, next_fd, &next_st);
	else
		return diagnose_permission(d, fd, st);
	err_context(d->err, "its interpreter \"%s\"", next);
	return EXIT_NOT_EXECUTABLE;
}

static int diagnose_file(struct diagnosis *d, const char *path)
{
	struct stat st;
	AUTO_FD fd = open_path(d->root_fd, path, 0);
	if (fd < 0)
		return diagnose_missing(d, path);
	if (fstat(fd, &st) < 0) {
		err_sys(d->err, "look at it");
		return EXIT_NOT_EXECUTABLE;
	}
	if (!S_ISREG(st.st_mode)) {
		/* As execve(2) says of both: engines look for these words. */
		err_num(d->err, EACCES, "%s",
			S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
		return EXIT_NOT_EXECUTABLE;
	}
	if ((st.st_mode & 0111) == 0)
		return diagnose_permission(d, fd, &st);
	switch (d->errnum) {
	case EACCES:
		return diagnose_denied(d, fd, &st);
	case ENOENT:
	case ENOEXEC:
	case ENOTDIR:
	case ELOOP:
	case ELIBBAD:
		return diagnose_content(d, fd);
	default:
		err_num(d->err, d->errnum, "the kernel refuses");
		return EXIT_NOT_EXECUTABLE;
	}
}

/* The first program of that name in PATH; else the first file that is none. Owned or NULL. */
static char *search_path(int root_fd, const char *name, const char *search)
{
	AUTO(struct strv, strv_done) dirs = { 0 };
	AUTO_FREE char *second_choice = NULL;
	strv_split(&dirs, search, ':');
	for (size_t i = 0; i < dirs.len; i++) {
		struct stat st;
		AUTO_FREE char *path = mem_printf(
			"%s/%s", dirs.items[i][0] != '\0' ? dirs.items[i] : ".", name);
		AUTO_FD fd = open_path(root_fd, path, 0);
		if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
			continue;
		if ((st.st_mode & 0111) != 0)
			return ptr_take(&path);
		if (second_choice == NULL)
			second_choice = ptr_take(&path);
	}
	return ptr_take(&second_choice);
}

int exec_diagnose(int root_fd, const char *path, const struct strv *env, int errnum,
		  struct err *err)
{
	struct err unwanted = { 0 };
	struct diagnosis d = { .root_fd = root_fd, .errnum = errnum, .err = &unwanted };
	if (err != NULL)
		d.err = err;
	err_clear(d.err);
	if (*path == '\0') {
		err_set(d.err, ERR_INVALID, "the command is empty");
		return EXIT_NOT_FOUND;
	}
	const char *search = env != NULL ? strv_env_get(env, "PATH") : NULL;
	if (search == NULL)
		search = EXEC_PATH_DEFAULT;
	bool is_searched = strchr(path, '/') == NULL;
	AUTO_FREE char *found = is_searched ? search_path(root_fd, path, search) : NULL;
	if (is_searched && found == NULL) {
		err_set(d.err, ERR_NOT_FOUND, "\"%s\": executable file not found in $PATH", path);
		err_hint(d.err, "PATH inside is %s", search);
		return EXIT_NOT_FOUND;
	}
	int code = diagnose_file(&d, found != NULL ? found : path);
	if (found != NULL)
		err_context(d.err, "\"%s\" (%s)", path, found);
	else
		err_context(d.err, "\"%s\"", path);
	return code;
}
