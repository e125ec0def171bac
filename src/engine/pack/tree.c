/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Paths of the host become entries of an image. A path is walked name by name, as the kernel would:
 * each directory and each symlink on the way becomes an entry, so that the path means the same
 * inside. Knows nothing of ELF, libraries or scripts.
 */
#include "engine/pack/tree.h"

#include "base/mem.h"
#include "format/tar.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMLINKS_MAX 40  /* the kernel's limit for one path */
#define DEPTH_MAX    256 /* directories within directories of --add */

/* setuid and setgid have no place in an image that runs as one user; sticky stays (/tmp). */
#define MODE_KEPT 01777

static void entry_free(struct pack_entry *entry)
{
	free(entry->path);
	free(entry->host_path);
	free(entry->target);
	free(entry->bytes);
	free(entry->needed_by);
	strv_done(&entry->also_needed_by);
	free(entry);
}

static void ignore_node(void *node)
{
	(void)node;
}

void pack_tree_done(struct pack_tree *tree)
{
	tdestroy(tree->index, ignore_node);
	for (size_t i = 0; i < tree->len; i++)
		entry_free(tree->entries[i]);
	free(tree->entries);
	memset(tree, 0, sizeof(*tree));
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct pack_entry *)a)->path, ((const struct pack_entry *)b)->path);
}

struct pack_entry *pack_tree_find(const struct pack_tree *tree, const char *path)
{
	AUTO_FREE char *copy = mem_strdup(path);
	const struct pack_entry key = { .path = copy };
	void *node = tfind(&key, (void *const *)&tree->index, compare_paths);
	return node != NULL ? *(struct pack_entry **)node : NULL;
}

static void add_reason(struct pack_entry *entry, const struct pack_why *why)
{
	if (entry->kind == NULL) {
		entry->kind = why->kind;
		entry->needed_by = mem_strdup(why->needed_by);
	} else if (strcmp(entry->needed_by, why->needed_by) != 0 &&
		   strcmp(entry->path, why->needed_by) != 0 &&
		   strv_find(&entry->also_needed_by, why->needed_by) < 0) {
		strv_add(&entry->also_needed_by, why->needed_by);
	}
}

/* The entry at `path`, made if it is not there. NULL (err set) when there is another thing. */
static struct pack_entry *put_entry(struct pack_tree *tree, const char *path, mode_t mode,
				    const struct pack_why *why, struct err *err)
{
	struct pack_entry *entry = pack_tree_find(tree, path);
	if (entry != NULL && (entry->mode & S_IFMT) != (mode & S_IFMT)) {
		err_set(err, ERR_CONFLICT, "%s would be two different things in the image", path);
		return NULL;
	}
	if (entry == NULL && tree->len == PACK_ENTRIES_MAX) {
		err_set(err, ERR_INVALID, "more than %d files for one image", PACK_ENTRIES_MAX);
		return NULL;
	}
	if (entry == NULL) {
		entry = mem_alloc(1, sizeof(*entry));
		entry->path = mem_strdup(path);
		entry->mode = mode & (S_IFMT | MODE_KEPT);
		if (tree->len == tree->capacity) {
			tree->capacity = tree->capacity != 0 ? 2 * tree->capacity : 64;
			tree->entries = mem_realloc(tree->entries,
						    tree->capacity * sizeof(*tree->entries));
		}
		tree->entries[tree->len++] = entry;
		if (tsearch(entry, &tree->index, compare_paths) == NULL)
			mem_die("out of memory");
	}
	if (why != NULL)
		add_reason(entry, why);
	return entry;
}

static struct pack_entry *put_symlink(struct pack_tree *tree, const char *path, const char *target,
				      const struct pack_why *why, struct err *err)
{
	const struct pack_why symlink_why = { "symlink", why->needed_by };
	struct pack_entry *entry = put_entry(tree, path, S_IFLNK | 0777, &symlink_why, err);
	if (entry != NULL && entry->target == NULL) {
		entry->target = mem_strdup(target);
		entry->size_bytes = strlen(target);
	}
	return entry;
}

static struct pack_entry *put_file(struct pack_tree *tree, const char *path, const char *host_path,
				   const struct stat *st, const struct pack_why *why,
				   struct err *err)
{
	struct pack_entry *entry = put_entry(tree, path, st->st_mode, why, err);
	if (entry != NULL && entry->host_path == NULL && entry->bytes == NULL) {
		entry->host_path = mem_strdup(host_path);
		entry->size_bytes = (uint64_t)st->st_size;
	}
	return entry;
}

static char *read_link(const char *path, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target));
	if (n < 0 || n == (ssize_t)sizeof(target)) {
		err_num(err, n < 0 ? errno : ENAMETOOLONG, "read the symlink %s", path);
		return NULL;
	}
	return mem_strndup(target, (size_t)n);
}

/* A path on its way: `done` is walked and free of symlinks, `rest` is not. */
struct walk {
	char *done, *rest;
	int symlinks;
};

static void walk_done(struct walk *walk)
{
	free(walk->done);
	free(walk->rest);
}

/* Split the next name off `rest`; ".." and "." are dealt with here. NULL at the end. Owned. */
static char *walk_next(struct walk *walk)
{
	for (;;) {
		const char *name = walk->rest + strspn(walk->rest, "/");
		if (*name == '\0')
			return NULL;
		size_t n = strcspn(name, "/");
		AUTO_FREE char *part = mem_strndup(name, n);
		char *rest = mem_strdup(name + n);
		free(walk->rest);
		walk->rest = rest;
		if (strcmp(part, "..") == 0) {
			char *slash = strrchr(walk->done, '/');
			if (slash != NULL)
				*slash = '\0';
		} else if (strcmp(part, ".") != 0) {
			return mem_printf("%s/%s", walk->done, part);
		}
	}
}

static int walk_symlink(struct walk *walk, const char *path, const char *target, struct err *err)
{
	if (++walk->symlinks > SYMLINKS_MAX)
		return err_num(err, ELOOP, "resolve %s", path);
	char *rest = mem_printf("%s/%s", target, walk->rest);
	free(walk->rest);
	walk->rest = rest;
	if (target[0] == '/')
		walk->done[0] = '\0';
	return 0;
}

static void walk_advance(struct walk *walk, char **path)
{
	free(walk->done);
	walk->done = ptr_take(path);
}

const struct pack_entry *pack_tree_add(struct pack_tree *tree, const char *path,
				       const struct pack_why *why, struct err *err)
{
	AUTO(struct walk, walk_done) walk = { mem_strdup(""), mem_strdup(path), 0 };
	for (;;) {
		struct stat st;
		AUTO_FREE char *next = walk_next(&walk);
		if (next == NULL)
			break;
		if (lstat(next, &st) < 0) {
			err_sys(err, "open %s", next);
			return NULL;
		}
		if (S_ISLNK(st.st_mode)) {
			AUTO_FREE char *target = read_link(next, err);
			if (target == NULL || put_symlink(tree, next, target, why, err) == NULL ||
			    walk_symlink(&walk, next, target, err) < 0)
				return NULL;
			continue;
		}
		bool is_last = walk.rest[strspn(walk.rest, "/")] == '\0';
		if (S_ISREG(st.st_mode) && is_last)
			return put_file(tree, next, next, &st, why, err);
		if (!S_ISDIR(st.st_mode)) {
			err_set(err, ERR_UNSUPPORTED, "%s is neither a file nor a directory", next);
			return NULL;
		}
		if (put_entry(tree, next, st.st_mode, NULL, err) == NULL)
			return NULL;
		walk_advance(&walk, &next);
	}
	struct pack_entry *entry = pack_tree_find(tree, walk.done);
	if (entry == NULL)
		err_set(err, ERR_INVALID, "%s is the whole file system", path);
	else if (why->kind != NULL)
		add_reason(entry, why);
	return entry;
}

const struct pack_entry *pack_tree_resolve(const struct pack_tree *tree, const char *path)
{
	AUTO(struct walk, walk_done) walk = { mem_strdup(""), mem_strdup(path), 0 };
	for (const struct pack_entry *entry = NULL;;) {
		AUTO_FREE char *next = walk_next(&walk);
		if (next == NULL)
			return entry;
		entry = pack_tree_find(tree, next);
		if (entry == NULL)
			return NULL;
		if (!S_ISLNK(entry->mode))
			walk_advance(&walk, &next);
		else if (walk_symlink(&walk, next, entry->target, NULL) < 0)
			return NULL;
	}
}

/* The parents of a path of the image, through the symlinks that the image has. Owned: the path
 * with these symlinks resolved, or NULL. */
static char *make_parents(struct pack_tree *tree, const char *path, struct err *err)
{
	AUTO(struct walk, walk_done) walk = { mem_strdup(""), mem_strdup(path), 0 };
	for (;;) {
		AUTO_FREE char *next = walk_next(&walk);
		if (next == NULL) {
			err_set(err, ERR_INVALID, "%s is no path for a file in the image", path);
			return NULL;
		}
		const struct pack_entry *entry = pack_tree_find(tree, next);
		if (entry != NULL && S_ISLNK(entry->mode)) {
			if (walk_symlink(&walk, next, entry->target, err) < 0)
				return NULL;
			continue;
		}
		if (walk.rest[strspn(walk.rest, "/")] == '\0')
			return ptr_take(&next);
		if (put_entry(tree, next, S_IFDIR | 0755, NULL, err) == NULL)
			return NULL;
		walk_advance(&walk, &next);
	}
}

int pack_tree_add_bytes(struct pack_tree *tree, const char *path, const void *data, size_t len,
			const struct pack_why *why, struct err *err)
{
	AUTO_FREE char *real_path = make_parents(tree, path, err);
	if (real_path == NULL)
		return -1;
	struct pack_entry *entry = put_entry(tree, real_path, S_IFREG | 0644, why, err);
	if (entry == NULL)
		return -1;
	free(entry->host_path);
	free(entry->bytes);
	entry->host_path = NULL;
	entry->bytes = mem_dup(data, len);
	entry->bytes_len = len;
	entry->size_bytes = len;
	return 0;
}

/* One host file, not followed, at a path of the image whose parents are there. */
static int add_single(struct pack_tree *tree, const char *host_path, const char *path,
		      const struct pack_why *why, struct stat *out_st, struct err *err)
{
	if (lstat(host_path, out_st) < 0)
		return err_sys(err, "open %s", host_path);
	if (S_ISREG(out_st->st_mode))
		return put_file(tree, path, host_path, out_st, why, err) != NULL ? 0 : -1;
	if (S_ISDIR(out_st->st_mode))
		return put_entry(tree, path, out_st->st_mode, why, err) != NULL ? 0 : -1;
	if (!S_ISLNK(out_st->st_mode))
		return err_set(err, ERR_UNSUPPORTED, "%s is a device, FIFO or socket: not packed",
			       host_path);
	AUTO_FREE char *target = read_link(host_path, err);
	if (target == NULL)
		return -1;
	return put_symlink(tree, path, target, why, err) != NULL ? 0 : -1;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_real_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int add_content(struct pack_tree *tree, const char *host_path, const char *path,
		       const struct pack_why *why, int depth, struct err *err);

static int add_below(struct pack_tree *tree, const char *host_path, const char *path,
		     const struct pack_why *why, int depth, struct err *err)
{
	struct stat st;
	if (add_single(tree, host_path, path, why, &st, err) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? add_content(tree, host_path, path, why, depth + 1, err) : 0;
}

static int add_content(struct pack_tree *tree, const char *host_path, const char *path,
		       const struct pack_why *why, int depth, struct err *err)
{
	struct dirent **names = NULL;
	if (depth > DEPTH_MAX)
		return err_set(err, ERR_INVALID, "%s: directories are over %d deep", host_path,
			       DEPTH_MAX);
	int len = scandir(host_path, &names, is_real_name, compare_names);
	if (len < 0)
		return err_sys(err, "list %s", host_path);
	int result = 0;
	for (int i = 0; i < len; i++) {
		AUTO_FREE char *host_child = mem_printf("%s/%s", host_path, names[i]->d_name);
		AUTO_FREE char *child = mem_printf("%s/%s", path, names[i]->d_name);
		if (result == 0)
			result = add_below(tree, host_child, child, why, depth, err);
		free(names[i]);
	}
	free(names);
	return result;
}

int pack_tree_add_all(struct pack_tree *tree, const char *host_path, const char *container_path,
		      const struct pack_why *why, struct err *err)
{
	struct stat st;
	if (container_path == NULL) {
		const struct pack_entry *entry = pack_tree_add(tree, host_path, why, err);
		if (entry == NULL)
			return -1;
		return S_ISDIR(entry->mode)
			       ? add_content(tree, entry->path, entry->path, why, 0, err)
			       : 0;
	}
	AUTO_FREE char *real_host_path = realpath(host_path, NULL);
	if (real_host_path == NULL)
		return err_sys(err, "open %s", host_path);
	AUTO_FREE char *path = make_parents(tree, container_path, err);
	if (path == NULL || add_single(tree, real_host_path, path, why, &st, err) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? add_content(tree, real_host_path, path, why, 0, err) : 0;
}

int pack_open_regular(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int write_file(struct tar_writer *tar, const struct pack_entry *entry, struct err *err)
{
	const char *path = entry->path + 1;
	if (entry->host_path == NULL)
		return tar_add_bytes(tar, path, entry->mode, entry->bytes, entry->bytes_len, err);
	AUTO_FD fd = pack_open_regular(entry->host_path);
	if (fd < 0)
		return err_sys(err, "open %s", entry->host_path);
	return tar_add_file(tar, path, entry->mode, fd, err);
}

static int write_entry(struct tar_writer *tar, const struct pack_entry *entry, struct err *err)
{
	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		return tar_add_directory(tar, entry->path + 1, entry->mode, err);
	case S_IFLNK:
		return tar_add_symlink(tar, entry->path + 1, entry->target, err);
	default:
		return write_file(tar, entry, err);
	}
}

static int compare_entries(const void *a, const void *b)
{
	return compare_paths(*(const struct pack_entry *const *)a,
			     *(const struct pack_entry *const *)b);
}

int pack_tree_write(const struct pack_tree *tree, int fd, uint64_t mtime_s, struct err *err)
{
	AUTO_FREE struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	AUTO_FREE struct pack_entry **sorted = mem_alloc(tree->len + 1, sizeof(*sorted));
	if (tree->len > 0)
		memcpy(sorted, tree->entries, tree->len * sizeof(*sorted));
	qsort(sorted, tree->len, sizeof(*sorted), compare_entries);
	tar_init(tar, fd, mtime_s);
	for (size_t i = 0; i < tree->len; i++)
		if (write_entry(tar, sorted[i], err) < 0)
			return -1;
	return tar_finish(tar, err);
}
