/* SPDX-License-Identifier: Apache-2.0 */
/* How much is in a directory tree. Somebody may be writing to it meanwhile. */
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The parts of files with several names add up to the file. */
static uint64_t size_of(const struct stat *st)
{
	bool has_contents = S_ISREG(st->st_mode) || S_ISLNK(st->st_mode);
	return has_contents && st->st_nlink > 0 ? (uint64_t)st->st_size / st->st_nlink : 0;
}

static int add_directory(int root_fd, const char *path, struct strv *todo, uint64_t *bytes,
			 struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	struct err why = { 0 };
	AUTO_FD fd = rooted_open_nosymlink(root_fd, path, O_RDONLY | O_DIRECTORY, 0, &why);
	if (fd < 0 && (why.errnum == ENOENT || why.errnum == ENOTDIR || why.errnum == ELOOP ||
		       why.errnum == ENAMETOOLONG))
		return 0; /* gone, or deeper than a path can say */
	if (fd < 0)
		return err_set(err, ERR_SYSTEM, "%s", why.text);
	if (tree_names(fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		struct stat st;
		if (fstatat(fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		*bytes += size_of(&st);
		if (S_ISDIR(st.st_mode))
			strv_add_take(todo, mem_printf("%s%s%s", path, path[0] != '\0' ? "/" : "",
						       names.items[i]));
	}
	return 0;
}

int tree_size(int dir_fd, const char *name, uint64_t *out_bytes, struct err *err)
{
	AUTO(struct strv, strv_done) todo = { 0 };
	uint64_t bytes = 0;
	struct stat st = { 0 }; /* nothing there: no bytes */
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return err_sys(err, "look at %s", name);
	if (!S_ISDIR(st.st_mode)) {
		*out_bytes = size_of(&st);
		return 0;
	}
	AUTO_FD root_fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, "open %s", name);
	strv_add(&todo, "");
	while (todo.len > 0) {
		AUTO_FREE char *path = strv_take_last(&todo);
		if (add_directory(root_fd, path, &todo, &bytes, err) < 0)
			return err_context(err, "size of %s", name);
	}
	*out_bytes = bytes;
	return 0;
}
