/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories are taken from a list, not by recursion: each is opened by its path below the root
 * when its turn comes, so that depth costs neither stack nor descriptors, and a container that
 * moves things about meanwhile makes an entry go missing at worst.
 */
#include "engine/collect.h"

#include "base/mem.h"
#include "base/strv.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A file with several names, and the first of them. */
struct linked {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct collect {
	struct tar_writer *tar;
	int root_fd;
	bool is_layer;
	struct strv todo; /* directories, the next one last */
	void *linked;     /* tsearch(3) of struct linked */
};

/* One object in a directory. */
struct item {
	int dir_fd;
	const char *name; /* in dir_fd */
	const char *path; /* below the root */
	struct stat st;
};

static int compare_linked(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

static void linked_free(void *pointer)
{
	struct linked *linked = pointer;
	free(linked->path);
	free(linked);
}

/* @return the first name of this file, or NULL: this is it */
static const char *first_name(struct collect *collect, const struct item *item)
{
	const struct linked key = { .dev = item->st.st_dev, .ino = item->st.st_ino };
	void *node = tfind(&key, &collect->linked, compare_linked);
	if (node != NULL)
		return (*(struct linked **)node)->path;
	struct linked *linked = mem_alloc(1, sizeof(*linked));
	*linked = key;
	linked->path = mem_strdup(item->path);
	if (tsearch(linked, &collect->linked, compare_linked) == NULL)
		mem_die("out of memory");
	return NULL;
}

static bool is_carried(const char *name)
{
	return strcmp(name, "security.capability") == 0 ||
	       strncmp(name, "system.posix_acl_", 17) == 0 ||
	       (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_xattr(int fd, const char *name, struct buf *pax, struct err *err)
{
	static char value[XATTR_SIZE_MAX];
	ssize_t len = fgetxattr(fd, name, value, sizeof(value));
	if (len < 0)
		return errno == ENODATA ? 0 : err_sys(err, "read the attribute %s", name);
	tar_add_xattr(pax, name, value, (size_t)len);
	return 0;
}

static int add_xattrs(int fd, struct buf *pax, struct err *err)
{
	static char names[XATTR_LIST_MAX];
	AUTO(struct strv, strv_done) carried = { 0 };
	ssize_t len = flistxattr(fd, names, sizeof(names));
	if (len < 0)
		return errno == ENOTSUP ? 0 : err_sys(err, "list attributes");
	for (const char *name = names; name < names + len; name += strlen(name) + 1)
		if (is_carried(name))
			strv_add(&carried, name);
	if (carried.len > 1)
		qsort(carried.items, carried.len, sizeof(*carried.items), by_name);
	for (size_t i = 0; i < carried.len; i++)
		if (add_xattr(fd, carried.items[i], pax, err) < 0)
			return -1;
	return 0;
}

static struct tar_member member_of(const struct item *item)
{
	return (struct tar_member){
		.path = item->path,
		.mode = item->st.st_mode & 07777,
		.uid = item->st.st_uid,
		.gid = item->st.st_gid,
		.mtime = item->st.st_mtim,
	};
}

static int add_data(struct tar_writer *tar, int fd, uint64_t size, struct err *err)
{
	static char block[65536];
	for (uint64_t left = size; left > 0;) {
		size_t want = left < sizeof(block) ? (size_t)left : sizeof(block);
		ssize_t n = read(fd, block, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		if (n == 0) { /* it shrank */
			memset(block, 0, want);
			n = (ssize_t)want;
		}
		if (tar_add_data(tar, block, (size_t)n, err) < 0)
			return -1;
		left -= (uint64_t)n;
	}
	return tar_end_file(tar, err);
}

static int add_file(struct collect *collect, const struct item *item, struct err *err)
{
	AUTO(struct buf, buf_done) pax = { 0 };
	struct tar_member member = member_of(item);
	member.target = item->st.st_nlink > 1 ? first_name(collect, item) : NULL;
	if (member.target != NULL) {
		member.type = '1';
		return tar_add_member(collect->tar, &member, err);
	}
	AUTO_FD fd = openat(item->dir_fd, item->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open");
	if (!S_ISREG(st.st_mode))
		return 0; /* replaced meanwhile */
	if (add_xattrs(fd, &pax, err) < 0)
		return -1;
	member.type = '0';
	member.size = (uint64_t)st.st_size;
	member.pax = &pax;
	if (tar_add_member(collect->tar, &member, err) < 0)
		return -1;
	return add_data(collect->tar, fd, member.size, err);
}

static int add_symlink(struct collect *collect, const struct item *item, struct err *err)
{
	char target[PATH_MAX];
	struct tar_member member = member_of(item);
	ssize_t n = readlinkat(item->dir_fd, item->name, target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(err, "read the link");
	target[n] = '\0';
	member.type = '2';
	member.target = target;
	return tar_add_member(collect->tar, &member, err);
}

static int add_mark(struct collect *collect, const char *parent, const char *name, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s%s%s", parent, parent[0] != '\0' ? "/" : "", name);
	return tar_add_member(collect->tar,
			      &(struct tar_member){ .type = '0', .path = path, .mode = 0600 }, err);
}

static int add_device(struct collect *collect, const struct item *item, const char *parent,
		      struct err *err)
{
	struct tar_member member = member_of(item);
	if (collect->is_layer && S_ISCHR(item->st.st_mode) && item->st.st_rdev == 0) {
		AUTO_FREE char *mark = mem_printf(".wh.%s", item->name);
		return add_mark(collect, parent, mark, err);
	}
	member.type = S_ISFIFO(item->st.st_mode) ? '6' : S_ISCHR(item->st.st_mode) ? '3' : '4';
	if (!S_ISFIFO(item->st.st_mode)) {
		member.major = major(item->st.st_rdev);
		member.minor = minor(item->st.st_rdev);
	}
	return tar_add_member(collect->tar, &member, err);
}

/* A directory comes with what is below it, later. */
static int add_item(struct collect *collect, const struct item *item, const char *parent,
		    struct strv *dirs, struct err *err)
{
	switch (item->st.st_mode & S_IFMT) {
	case S_IFREG:
		return add_file(collect, item, err);
	case S_IFDIR:
		strv_add(dirs, item->path);
		return 0;
	case S_IFLNK:
		return add_symlink(collect, item, err);
	case S_IFSOCK:
		return 0;
	default:
		return add_device(collect, item, parent, err);
	}
}

static int add_children(struct collect *collect, int dir_fd, const char *parent, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 }, dirs = { 0 };
	if (tree_names(dir_fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FREE char *path = mem_printf("%s%s%s", parent, parent[0] != '\0' ? "/" : "",
						  names.items[i]);
		struct item item = { .dir_fd = dir_fd, .name = names.items[i], .path = path };
		if (fstatat(dir_fd, item.name, &item.st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno == ENOENT)
				continue;
			return err_sys(err, "look at %s", path);
		}
		if (add_item(collect, &item, parent, &dirs, err) < 0)
			return err_context(err, "%s", path);
	}
	for (size_t i = dirs.len; i > 0; i--)
		strv_add(&collect->todo, dirs.items[i - 1]);
	return 0;
}

static int add_directory(struct collect *collect, const char *path, struct err *err)
{
	AUTO(struct buf, buf_done) pax = { 0 };
	struct err why = { 0 };
	struct item item = { .path = path[0] != '\0' ? path : "." };
	AUTO_FD fd = rooted_open_nosymlink(collect->root_fd, path, O_RDONLY | O_DIRECTORY, 0, &why);
	if (fd < 0 && (why.errnum == ENOENT || why.errnum == ENOTDIR || why.errnum == ELOOP))
		return 0; /* gone, or another thing by now */
	if (fd < 0 || fstat(fd, &item.st) < 0)
		return err_set(err, ERR_SYSTEM, "%s", why.text);
	struct tar_member member = member_of(&item);
	if (add_xattrs(fd, &pax, err) < 0)
		return -1;
	member.type = '5';
	member.pax = &pax;
	if (tar_add_member(collect->tar, &member, err) < 0)
		return -1;
	if (collect->is_layer && path[0] != '\0' && overlay_is_opaque(fd) &&
	    add_mark(collect, path, ".wh..wh..opq", err) < 0)
		return -1;
	return add_children(collect, fd, path, err);
}

int collect_tree(struct tar_writer *tar, int root_fd, bool is_layer, struct err *err)
{
	struct collect collect = { .tar = tar, .root_fd = root_fd, .is_layer = is_layer };
	int rc = 0;
	strv_add(&collect.todo, "");
	while (rc == 0 && collect.todo.len > 0) {
		AUTO_FREE char *path = strv_take_last(&collect.todo);
		rc = add_directory(&collect, path, err);
		if (rc < 0)
			err_context(err, "archive /%s", path);
	}
	strv_done(&collect.todo);
	tdestroy(collect.linked, linked_free);
	return rc;
}
