/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff: the upper directory says what changed; the image says whether that was there before.
 * Nothing is compared but names: what is in the upper directory was written to.
 */
#include "base/mem.h"
#include "engine/changes.h"
#include "engine/engine.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct differ {
	int upper_fd, image_fd;
	struct strv todo; /* directories of the upper tree */
	struct change_list *out;
};

static void add(struct differ *differ, enum change_kind kind, const char *path)
{
	struct change_list *out = differ->out;
	if (out->len == out->capacity) {
		out->capacity = 2 * out->capacity + 64;
		out->items = mem_realloc(out->items, out->capacity * sizeof(*out->items));
	}
	out->items[out->len++] = (struct change){ .kind = kind, .path = mem_printf("/%s", path) };
}

static bool is_in_image(const struct differ *differ, const char *path)
{
	AUTO_FD fd = rooted_open_nosymlink(differ->image_fd, path, O_PATH | O_NOFOLLOW, 0, NULL);
	return fd >= 0;
}

static void add_entry(struct differ *differ, const struct stat *st, const char *path)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == 0)
		add(differ, CHANGE_DELETED, path);
	else
		add(differ, is_in_image(differ, path) ? CHANGE_MODIFIED : CHANGE_ADDED, path);
	if (S_ISDIR(st->st_mode))
		strv_add(&differ->todo, path);
}

typedef void name_fn(struct differ *differ, int dir_fd, const char *name, const char *path);

static int each_name(struct differ *differ, int root_fd, const char *parent, name_fn *found,
		     struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD fd = rooted_open_nosymlink(root_fd, parent, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	if (tree_names(fd, &names, err) < 0)
		return err_context(err, "/%s", parent);
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FREE char *path = mem_printf("%s%s%s", parent, parent[0] != '\0' ? "/" : "",
						  names.items[i]);
		found(differ, fd, names.items[i], path);
	}
	return 0;
}

static void found_in_upper(struct differ *differ, int dir_fd, const char *name, const char *path)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		add_entry(differ, &st, path);
}

/* Below an opaque directory nothing says that a name is gone, but that it is not there. */
static void found_in_image(struct differ *differ, int dir_fd UNUSED, const char *name UNUSED,
			   const char *path)
{
	AUTO_FD fd = rooted_open_nosymlink(differ->upper_fd, path, O_PATH | O_NOFOLLOW, 0, NULL);
	if (fd < 0)
		add(differ, CHANGE_DELETED, path);
}

static int list_directory(struct differ *differ, const char *path, struct err *err)
{
	struct err why = { 0 };
	if (each_name(differ, differ->upper_fd, path, found_in_upper, &why) < 0)
		return why.errnum == ENOENT ? 0 : err_set(err, ERR_SYSTEM, "%s", why.text);
	AUTO_FD fd = rooted_open_nosymlink(differ->upper_fd, path, O_RDONLY | O_DIRECTORY, 0, NULL);
	AUTO_FD below_fd = rooted_open_nosymlink(differ->image_fd, path, O_PATH | O_DIRECTORY, 0,
						 NULL);
	if (path[0] == '\0' || fd < 0 || below_fd < 0 || !overlay_is_opaque(fd))
		return 0;
	return each_name(differ, differ->image_fd, path, found_in_image, err);
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	return strcmp(x->path, y->path);
}

int engine_diff(struct engine *engine, const char *reference, struct change_list *out,
		struct err *err)
{
	AUTO(struct container, container_done) container = { 0 };
	AUTO(struct change_list, change_list_done) list = { 0 };
	if (container_find(&engine->store, reference, &container, err) < 0)
		return -1;
	AUTO_FD upper_fd = changes_open(engine, &container, err);
	AUTO_FD image_fd = upper_fd >= 0 ? changes_open_image(engine, &container, err) : -1;
	if (image_fd < 0)
		return -1;
	struct differ differ = { .upper_fd = upper_fd, .image_fd = image_fd, .out = &list };
	int rc = 0;
	strv_add(&differ.todo, "");
	while (rc == 0 && differ.todo.len > 0) {
		AUTO_FREE char *path = strv_take_last(&differ.todo);
		rc = list_directory(&differ, path, err);
	}
	strv_done(&differ.todo);
	if (rc < 0)
		return -1;
	if (list.len > 1)
		qsort(list.items, list.len, sizeof(*list.items), by_path);
	*out = list;
	memset(&list, 0, sizeof(list));
	return 0;
}
