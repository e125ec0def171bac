/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a file of credentials. The lock is on its directory, so that nothing is left behind;
 * docker and podman do not take it, but they replace the file whole, as we do.
 */
#include "base/mem.h"
#include "engine/registries/auth_file.h"
#include "engine/registries/secret.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIR_MODE  0700
#define FILE_MODE 0600

/* Docker indents by tabs; a file of theirs should look as they left it. */
#define STYLE                                                                                      \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB | JSON_C_TO_STRING_SPACED |         \
	 JSON_C_TO_STRING_NOSLASHESCAPE)

static int make_dirs(char *dir)
{
	for (char *slash = dir + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
		*slash = '\0';
		if (mkdir(dir, DIR_MODE) < 0 && errno != EEXIST)
			return -1;
	}
	return mkdir(dir, DIR_MODE) < 0 && errno != EEXIST ? -1 : 0;
}

/* The directory, locked; `*out_name` is the file's own name in it, behind all symlinks. */
static int lock_directory(const char *path, char **out_name, struct err *err)
{
	AUTO_FREE char *real = realpath(path, NULL);
	if (real == NULL)
		real = mem_strdup(path);
	char *slash = strrchr(real, '/');
	AUTO_FREE char *dir = slash == NULL
				      ? mem_strdup(".")
				      : mem_strndup(real, (size_t)(slash - real) + (slash == real));
	const char *name = slash != NULL ? slash + 1 : real;
	if (name[0] == '\0')
		return err_set(err, ERR_INVALID, "%s is a directory", path);
	if (make_dirs(dir) < 0)
		return err_sys(err, "make the directory %s", dir);
	AUTO_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* By number: <sys/file.h>, which declares flock, is a name that our own sys/file.h takes.
	 */
	if (dir_fd < 0 || syscall(SYS_flock, dir_fd, LOCK_EX) < 0)
		return err_sys(err, "open %s", dir);
	*out_name = mem_strdup(name);
	return fd_take(&dir_fd);
}

static int write_file(int dir_fd, const char *name, const struct auth_file *file, struct err *err)
{
	size_t len;
	const char *text = json_object_to_json_string_length(file->doc, STYLE, &len);
	if (text == NULL)
		mem_die("out of memory");
	int result = file_replace(dir_fd, name, text, len, FILE_MODE, FILE_DURABLE, err);
	/* The text belongs to the document, which keeps it until it goes. */
	uintptr_t memory = (uintptr_t)text;
	explicit_bzero((void *)memory, len);
	return result;
}

int auth_file_change(const char *path, auth_file_edit *edit, void *context, struct err *err)
{
	AUTO_FREE char *name = NULL;
	AUTO(struct auth_file, auth_file_done) file = { 0 };
	AUTO_FD dir_fd = lock_directory(path, &name, err);
	if (dir_fd < 0 || auth_file_read(path, &file, err) < 0)
		return -1;
	int result = edit(&file, context, err);
	if (result > 0 && write_file(dir_fd, name, &file, err) < 0)
		return err_context(err, "%s", path);
	return result;
}
