/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's procfs and sysfs, where the old tree stays in the mount namespace (chroot instead of
 * pivot_root). The kernel lets a user namespace mount a new procfs if a bare one is visible in its
 * mount namespace (mount_too_revealing, fs/namespace.c), reachable by a path or not: the masks of
 * the container's own would be worth nothing.
 */
#include "kernel/root/root.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTINFO_MAX (16 << 20)

/* One line of mountinfo, as far as it matters here: proc_pid_mountinfo(5). */
struct tree {
	unsigned long long id, parent_id;
	char *path; /* NULL: of another type */
};

struct trees {
	struct tree *items;
	size_t len;
};

static void trees_done(struct trees *trees)
{
	for (size_t i = 0; i < trees->len; i++)
		free(trees->items[i].path);
	free(trees->items);
}

/* Space, tab, newline and backslash are written as three octal digits. */
static char *unescaped(const char *text, size_t len)
{
	char *out = mem_strndup(text, len), *to = out;
	for (const char *from = out; *from != '\0'; to++) {
		unsigned value = 0;
		if (from[0] == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to = (char)value;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return out;
}

static void parse_line(const char *line, struct tree *out)
{
	const char *type = strstr(line, " - ");
	int start = 0, end = 0;
	if (type == NULL ||
	    sscanf(line, "%llu %llu %*s %*s %n%*s%n", &out->id, &out->parent_id, &start, &end) < 2)
		return;
	if (end > start &&
	    (strncmp(type, " - proc ", 8) == 0 || strncmp(type, " - sysfs ", 9) == 0))
		out->path = unescaped(line + start, (size_t)(end - start));
}

static int read_trees(int proc_self_fd, struct trees *out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = openat(proc_self_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open mountinfo");
	if (fd_read_all(fd, MOUNTINFO_MAX, "mountinfo", &text, err) < 0)
		return -1;
	const char *all = buf_str(&text);
	size_t lines = 1;
	for (const char *at = all; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	out->items = mem_alloc(lines, sizeof(*out->items));
	char *rest = text.data, *line;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
		parse_line(line, &out->items[out->len++]);
	return 0;
}

static const struct tree *find_tree(const struct trees *trees, unsigned long long id)
{
	for (size_t i = 0; i < trees->len; i++)
		if (trees->items[i].id == id)
			return &trees->items[i];
	return NULL;
}

static bool is_below(const struct trees *trees, const struct tree *tree, unsigned long long top_id)
{
	while (tree != NULL && tree->id != top_id && tree->id != tree->parent_id)
		tree = find_tree(trees, tree->parent_id);
	return tree != NULL && tree->id == top_id;
}

/* A mount that came from another user namespace is locked: it can be covered, which counts too. */
static int hide_tree(const char *path, struct err *err)
{
	if (umount2(path, MNT_DETACH) == 0 || access(path, F_OK) < 0)
		return 0;
	if (mount("none", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=0") <
	    0)
		return err_sys(err, "cover the host's %s", path);
	return 0;
}

int root_hide_host_trees(int root_fd, int proc_self_fd, struct err *err)
{
	AUTO(struct trees, trees_done) trees = { 0 };
	struct statx root;
	if (statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
		return err_sys(err, "identify the new root");
	if (read_trees(proc_self_fd, &trees, err) < 0)
		return -1;
	/* Last to first: what is mounted on top of another is listed after it. */
	for (size_t i = trees.len; i-- > 0;) {
		const struct tree *tree = &trees.items[i];
		if (tree->path == NULL || is_below(&trees, tree, root.stx_mnt_id))
			continue;
		if (hide_tree(tree->path, err) < 0)
			return -1;
	}
	return 0;
}
