/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive may bring a file twice, or bring it and take it away again. The layer holds the last
 * of it, the recipe needs all: what goes is told before it goes.
 */
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"
#include "unpack/extract_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int keep_file(const struct extract *extract, const char *path, struct err *err)
{
	AUTO_FD fd = rooted_open_nosymlink(extract->options.root_fd, path,
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0)
		return -1;
	recipe_keep(extract->options.recipe, path, fd);
	return 0;
}

/* Files of one directory; its directories are put on the list. */
static int keep_entries(const struct extract *extract, const char *path, struct strv *dirs,
			struct err *err)
{
	struct stat st;
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD fd = rooted_open_nosymlink(extract->options.root_fd, path, O_RDONLY | O_DIRECTORY,
					   0, err);
	if (fd < 0 || tree_names(fd, &names, err) < 0)
		return err_context(err, "look at what is replaced");
	for (size_t i = 0; i < names.len; i++) {
		if (fstatat(fd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "look at what is replaced");
		AUTO_FREE char *child = mem_printf("%s/%s", path, names.items[i]);
		if (S_ISDIR(st.st_mode))
			strv_add(dirs, child);
		else if (S_ISREG(st.st_mode) && keep_file(extract, child, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_tree(const struct extract *extract, const char *path, struct err *err)
{
	AUTO(struct strv, strv_done) todo = { 0 };
	int rc = 0;
	strv_add(&todo, path);
	while (rc == 0 && todo.len > 0) {
		AUTO_FREE char *dir = strv_take_last(&todo);
		rc = keep_entries(extract, dir, &todo, err);
	}
	return rc;
}

int extract_keep(const struct extract *extract, const char *name, struct err *err)
{
	struct stat st;
	AUTO(struct buf, buf_done) real = { 0 };
	if (extract->options.recipe == NULL)
		return 0;
	if (fstatat(extract->parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "look at what is replaced");
	extract_real_path(extract, name, &real);
	if (S_ISREG(st.st_mode))
		return keep_file(extract, buf_str(&real), err);
	return S_ISDIR(st.st_mode) ? keep_tree(extract, buf_str(&real), err) : 0;
}
