/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name in the archive to a directory descriptor. A parent that is a symlink is resolved as
 * a process inside the finished container would see it: in this layer first, then in the layers
 * below, never above the root. That is what a layer means when the image below has
 * bin -> usr/bin and the layer brings bin/tool. Every step is one name on one descriptor, with
 * O_NOFOLLOW: the kernel never follows a link for us.
 */
#include "base/mem.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/bounds.h"
#include "unpack/extract_state.h"
#include "unpack/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel: MAXSYMLINKS */

struct walk {
	struct extract *extract;
	struct buf todo; /* what is still to resolve */
	struct buf real; /* where we are */
	int fd;          /* there */
	unsigned links;
};

static void walk_done(struct walk *walk)
{
	buf_done(&walk->todo);
	buf_done(&walk->real);
	fd_close(&walk->fd);
}

bool extract_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

void extract_leave(struct extract *extract)
{
	fd_close(&extract->parent_fd);
	buf_reset(&extract->parent_key);
}

void extract_real_path(const struct extract *extract, const char *name, struct buf *out)
{
	buf_reset(out);
	buf_add_str(out, buf_str(&extract->parent_path));
	if (out->len > 0)
		buf_add_char(out, '/');
	buf_add_str(out, name);
}

static int walk_to(struct walk *walk, const char *real, struct err *err)
{
	int fd = rooted_open_nosymlink(walk->extract->options.root_fd, real, O_PATH | O_DIRECTORY,
				       0, err);
	if (fd < 0)
		return -1;
	fd_close(&walk->fd);
	walk->fd = fd;
	return 0;
}

static int walk_up(struct walk *walk, struct err *err)
{
	size_t parent_len;
	const char *name;
	path_split(buf_str(&walk->real), &parent_len, &name);
	AUTO_FREE char *parent = mem_strndup(buf_str(&walk->real), parent_len);
	buf_reset(&walk->real);
	buf_add_str(&walk->real, parent);
	return walk_to(walk, parent, err);
}

/* Put a link's target in front of what is left. */
static int walk_link(struct walk *walk, const char *target, struct err *err)
{
	if (++walk->links > LINKS_MAX)
		return err_num(err, ELOOP, "follow %s", tar_show(target).text);
	AUTO_FREE char *rest = buf_take(&walk->todo);
	if (strlen(target) + strlen(rest) >= 2 * UNPACK_PATH_MAX)
		return err_num(err, ENAMETOOLONG, "follow %s", tar_show(target).text);
	buf_addf(&walk->todo, "%s/%s", target, rest);
	if (target[0] != '/')
		return 0;
	buf_reset(&walk->real);
	return walk_to(walk, "", err);
}

static int enter_dir(struct walk *walk, const char *name, struct err *err)
{
	int fd = openat(walk->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open directory %s", tar_show(name).text);
	fd_close(&walk->fd);
	walk->fd = fd;
	if (walk->real.len > 0)
		buf_add_char(&walk->real, '/');
	buf_add_str(&walk->real, name);
	return 0;
}

static int read_link(int dir_fd, const char *name, char target[PATH_MAX], struct err *err)
{
	ssize_t n = readlinkat(dir_fd, name, target, PATH_MAX - 1);
	if (n < 0)
		return err_sys(err, "read link %s", tar_show(name).text);
	target[n] = '\0';
	return 0;
}

/* Nothing of this layer is there: the directory is implied. */
static int walk_implied(struct walk *walk, const char *name, struct err *err)
{
	static const struct timespec epoch;
	char target[PATH_MAX];
	struct stat st;
	AUTO(struct buf, buf_done) path = { 0 };
	buf_addf(&path, "%s%s%s", buf_str(&walk->real), walk->real.len > 0 ? "/" : "", name);
	AUTO_FD lower_fd = -1;
	if (lower_open(walk->extract, buf_str(&path), &st, &lower_fd, err) < 0)
		return -1;
	if (lower_fd >= 0 && S_ISLNK(st.st_mode))
		return read_link(lower_fd, "", target, err) < 0 ? -1 : walk_link(walk, target, err);
	if (lower_fd >= 0 && !S_ISDIR(st.st_mode))
		return err_num(err, ENOTDIR, "parent %s of a lower layer",
			       tar_show(buf_str(&path)).text);
	if (mkdirat(walk->fd, name, 0755) < 0)
		return err_sys(err, "make directory %s", tar_show(buf_str(&path)).text);
	if (lower_fd >= 0) {
		if (lower_copy_dir(walk->extract, lower_fd, walk->fd, name, buf_str(&path), err) <
		    0)
			return -1;
	} else if (attr_defer_dir(walk->extract, buf_str(&path), &epoch, NULL, err) < 0) {
		return -1;
	}
	return enter_dir(walk, name, err);
}

/* The layer deleted it and then puts something below: a new directory in its place. */
static int walk_whiteout(struct walk *walk, const char *name, struct err *err)
{
	if (unlinkat(walk->fd, name, 0) < 0)
		return err_sys(err, "remove whiteout of %s", tar_show(name).text);
	if (mkdirat(walk->fd, name, 0755) < 0)
		return err_sys(err, "make directory %s", tar_show(name).text);
	if (enter_dir(walk, name, err) < 0)
		return -1;
	return whiteout_make_opaque(walk->extract, buf_str(&walk->real), err);
}

/* A whiteout that hides nothing is not one. */
static int walk_settled(struct walk *walk, const char *name, struct err *err)
{
	struct stat st;
	if (lower_settle(walk->extract, err) < 0)
		return -1;
	return fstatat(walk->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0
		       ? walk_implied(walk, name, err)
		       : walk_whiteout(walk, name, err);
}

static int walk_step(struct walk *walk, const char *name, struct err *err)
{
	char target[PATH_MAX];
	struct stat st;
	if (strcmp(name, "..") == 0)
		return walk_up(walk, err);
	if (strlen(name) > UNPACK_NAME_MAX)
		return err_num(err, ENAMETOOLONG, "follow %s", tar_show(name).text);
	if (fstatat(walk->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? walk_implied(walk, name, err)
				       : err_sys(err, "look at %s", tar_show(name).text);
	if (S_ISDIR(st.st_mode))
		return enter_dir(walk, name, err);
	if (S_ISLNK(st.st_mode))
		return read_link(walk->fd, name, target, err) < 0 ? -1
								  : walk_link(walk, target, err);
	if (extract_is_whiteout(&st))
		return walk_settled(walk, name, err);
	return err_num(err, ENOTDIR, "parent %s", tar_show(name).text);
}

static int walk_all(struct walk *walk, struct err *err)
{
	while (walk->todo.len > 0) {
		AUTO_FREE char *todo = buf_take(&walk->todo);
		size_t len = strcspn(todo, "/");
		AUTO_FREE char *name = mem_strndup(todo, len);
		buf_add_str(&walk->todo, todo + len + (todo[len] == '/'));
		if (len == 0 || strcmp(name, ".") == 0)
			continue;
		if (walk_step(walk, name, err) < 0)
			return -1;
	}
	return 0;
}

static int set_parent(struct extract *extract, const char *key, int fd, const char *real,
		      struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at %s", tar_show(real).text);
	extract_leave(extract);
	extract->parent_fd = fd;
	extract->is_parent_setgid = (st.st_mode & S_ISGID) != 0;
	buf_add_str(&extract->parent_key, key);
	buf_reset(&extract->parent_path);
	buf_add_str(&extract->parent_path, real);
	return 0;
}

int extract_enter(struct extract *extract, const char *path, size_t len, struct err *err)
{
	int root_fd = extract->options.root_fd;
	if (extract->parent_fd >= 0 && extract->parent_key.len == len &&
	    memcmp(buf_str(&extract->parent_key), path, len) == 0)
		return 0;
	AUTO_FREE char *key = mem_strndup(path, len);
	/* Mostly it is there already and no link is on the way: one call. */
	AUTO_FD direct_fd = rooted_open_nosymlink(root_fd, key, O_PATH | O_DIRECTORY, 0, NULL);
	if (direct_fd >= 0) {
		if (set_parent(extract, key, direct_fd, key, err) < 0)
			return -1;
		direct_fd = -1;
		return 0;
	}
	AUTO(struct walk, walk_done) walk = { .extract = extract, .fd = -1 };
	buf_add_str(&walk.todo, key);
	if (walk_to(&walk, "", err) < 0 || walk_all(&walk, err) < 0)
		return -1;
	if (set_parent(extract, key, walk.fd, buf_str(&walk.real), err) < 0)
		return -1;
	walk.fd = -1;
	return 0;
}
