/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive may bring a file twice, or bring it and take it away again. The layer holds the last
 * of it, the recipe needs all: what goes is told before it goes.
 */
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/extract_state.h"

#include <dirent.h>
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
static int keep_entries(const struct extract *extract, const char *path, DIR *dir,
			struct strv *dirs, struct err *err)
{
	struct stat st;
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "look at what is replaced");
		AUTO_FREE char *child = mem_printf("%s/%s", path, d->d_name);
		if (S_ISDIR(st.st_mode))
			strv_add(dirs, child);
		else if (S_ISREG(st.st_mode) && keep_file(extract, child, err) < 0)
			return -1;
	}
	return 0;
}

static int keep_tree(const struct extract *extract, const char *path, struct err *err)
{
	AUTO(struct strv, strv_done) dirs = { 0 };
	strv_add(&dirs, path);
	for (size_t i = 0; i < dirs.len; i++) {
		int fd = rooted_open_nosymlink(extract->options.root_fd, dirs.items[i],
					       O_RDONLY | O_DIRECTORY, 0, err);
		if (fd < 0)
			return -1;
		DIR *dir = fdopendir(fd);
		if (dir == NULL) {
			fd_close(&fd);
			return err_sys(err, "list what is replaced");
		}
		AUTO_FREE char *here = mem_strdup(dirs.items[i]);
		int rc = keep_entries(extract, here, dir, &dirs, err);
		closedir(dir);
		if (rc < 0)
			return -1;
	}
	return 0;
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
