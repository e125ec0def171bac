/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Removing directory trees by descriptor. No path longer than one name is ever resolved, ".." is
 * never used, and openat2's RESOLVE_NO_XDEV refuses to enter a mount in the same call that opens.
 *
 * At most TREE_LEVELS directories are open at a time. What lies deeper is renamed to the top of the
 * tree and removed from there, so that depth costs neither descriptors nor memory.
 */
#include "sys/tree.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TREE_LEVELS         32
#define LEVEL_ENTRIES_BYTES 8192
#define ENTRIES_PER_LOOK    256

/* The largest entry: a batch that left this much room most likely was the last. */
#define ENTRY_MAX_BYTES (sizeof(struct dirent64) + 8)

struct level {
	int fd; /* owned */
	char name[NAME_MAX + 1];
	size_t next, len;  /* within entries */
	bool has_progress; /* something went away since the last rewind */
	bool is_chmodded;
	_Alignas(struct dirent64) char entries[LEVEL_ENTRIES_BYTES];
};

struct walk {
	int parent_fd; /* borrowed: where the tree's top is */
	struct level *levels[TREE_LEVELS];
	size_t depth;
	unsigned moved; /* names given to deep directories */
	uint64_t deadline_ns;
	unsigned seen; /* entries, for looking at the clock now and then */
};

static void walk_done(struct walk *walk)
{
	for (size_t i = 0; i < TREE_LEVELS && walk->levels[i] != NULL; i++) {
		if (i < walk->depth)
			fd_close(&walk->levels[i]->fd);
		free(walk->levels[i]);
	}
}

static struct level *walk_level(struct walk *walk)
{
	return walk->levels[walk->depth - 1];
}

/* The directory that has the deepest open level as an entry. */
static int walk_above_fd(const struct walk *walk)
{
	return walk->depth > 1 ? walk->levels[walk->depth - 2]->fd : walk->parent_fd;
}

static int open_below(int dir_fd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH,
	};
	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

/* The owner may lack the permission bits that root does not need. */
static int allow_owner(int dir_fd, const char *name)
{
	AUTO_FD fd = open_below(dir_fd, name, O_PATH);
	return fd >= 0 ? chmod(fd_proc_path(fd).text, 0700) : -1;
}

/* Open a directory and make it the deepest level. @return 0, or -1 with errno */
static int walk_enter(struct walk *walk, int dir_fd, const char *name)
{
	if (strlen(name) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	int fd = open_below(dir_fd, name, O_RDONLY);
	if (fd < 0 && errno == EACCES && allow_owner(dir_fd, name) == 0)
		fd = open_below(dir_fd, name, O_RDONLY);
	if (fd < 0)
		return -1;
	if (walk->levels[walk->depth] == NULL)
		walk->levels[walk->depth] = mem_alloc(1, sizeof(struct level));
	struct level *level = walk->levels[walk->depth++];
	*level = (struct level){ .fd = fd };
	memcpy(level->name, name, strlen(name) + 1);
	return 0;
}

/* unlinkat, with write permission for the owner taken where it was missing. */
static int level_unlink(struct level *level, const char *name, int flags)
{
	if (unlinkat(level->fd, name, flags) == 0)
		return 0;
	if (errno != EACCES || level->is_chmodded)
		return -1;
	level->is_chmodded = true;
	return fchmod(level->fd, 0700) == 0 ? unlinkat(level->fd, name, flags) : -1;
}

/* Too deep to open: rename it to the top, which is read again when it is through. A directory that
 * changes its parent has to be writable itself. */
static int walk_move_up(struct walk *walk, const char *name)
{
	struct level *level = walk_level(walk), *top = walk->levels[0];
	bool is_opened = false;
	for (int tries = 0; tries < 1000; tries++) {
		char fresh[32];
		snprintf(fresh, sizeof(fresh), ".deep-%u", walk->moved++);
		if (renameat2(level->fd, name, top->fd, fresh, RENAME_NOREPLACE) == 0) {
			top->has_progress = true;
			return 0;
		}
		if (errno == EACCES && !is_opened) {
			is_opened = true;
			if (fchmod(level->fd, 0700) < 0 || fchmod(top->fd, 0700) < 0 ||
			    allow_owner(level->fd, name) < 0)
				return -1;
		} else if (errno != EEXIST) {
			return -1;
		}
	}
	return -1;
}

static int remove_directory(struct walk *walk, const char *name)
{
	struct level *level = walk_level(walk);
	/* Most directories at the end of a branch are empty: one call instead of five. */
	if (level_unlink(level, name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		level->has_progress = true;
		return 0;
	}
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	level->has_progress = true;
	return walk->depth == TREE_LEVELS ? walk_move_up(walk, name)
					  : walk_enter(walk, level->fd, name);
}

static int remove_entry(struct walk *walk, const struct dirent64 *entry)
{
	struct level *level = walk_level(walk);
	const char *name = entry->d_name;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (entry->d_type != DT_DIR) {
		if (level_unlink(level, name, 0) == 0 || errno == ENOENT) {
			level->has_progress = true;
			return 0;
		}
		if (errno != EISDIR)
			return -1;
	}
	return remove_directory(walk, name);
}

/* Remove the deepest level itself. @return 1 gone, 0 not empty, -1 with errno */
static int walk_leave(struct walk *walk)
{
	struct level *level = walk_level(walk);
	if (unlinkat(walk_above_fd(walk), level->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return errno == ENOTEMPTY || errno == EEXIST ? 0 : -1;
	fd_close(&level->fd);
	walk->depth--;
	return 1;
}

/* The batch is used up: try to leave, else read more, else read all again. */
static int walk_turn(struct walk *walk)
{
	struct level *level = walk_level(walk);
	bool was_short = level->len > 0 && level->len + ENTRY_MAX_BYTES < sizeof(level->entries);
	if (was_short) {
		int rc = walk_leave(walk);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	ssize_t n = getdents64(level->fd, level->entries, sizeof(level->entries));
	if (n < 0)
		return -1;
	level->next = 0;
	level->len = (size_t)n;
	if (n > 0)
		return 0;
	int rc = walk_leave(walk);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!level->has_progress) {
		errno = ENOTEMPTY;
		return -1;
	}
	level->has_progress = false;
	return lseek(level->fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

static bool walk_is_late(struct walk *walk)
{
	return ++walk->seen % ENTRIES_PER_LOOK == 0 && clock_monotonic_ns() > walk->deadline_ns;
}

/* @return 1 all gone, 0 time was up, -1 with errno */
static int walk_run(struct walk *walk, const char **out_failed)
{
	while (walk->depth > 0) {
		struct level *level = walk_level(walk);
		*out_failed = level->name;
		if (level->next >= level->len) {
			if (walk_turn(walk) < 0)
				return -1;
			continue;
		}
		const void *at = level->entries + level->next;
		const struct dirent64 *entry = at;
		level->next += entry->d_reclen;
		*out_failed = entry->d_name;
		if (remove_entry(walk, entry) < 0)
			return -1;
		if (walk_is_late(walk))
			return 0;
	}
	return 1;
}

int tree_remove(int dir_fd, const char *name, struct err *err)
{
	return tree_remove_until(dir_fd, name, UINT64_MAX, err) < 0 ? -1 : 0;
}

int tree_remove_until(int dir_fd, const char *name, uint64_t deadline_ns, struct err *err)
{
	AUTO(struct walk, walk_done) walk = { .parent_fd = dir_fd, .deadline_ns = deadline_ns };
	if (walk_enter(&walk, dir_fd, name) < 0) {
		if (errno == ENOENT)
			return 1;
		if (errno != ENOTDIR && errno != ELOOP)
			return err_sys(err, "remove %s: open it", name);
		if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
			return err_sys(err, "remove %s", name);
		return 1;
	}
	const char *failed = name;
	int rc = walk_run(&walk, &failed);
	if (rc >= 0)
		return rc;
	if (errno == EBUSY || errno == EXDEV) {
		err_sys(err, "remove %s: %s", name, failed);
		return err_hint(err, "something is mounted there; it is not entered");
	}
	return err_sys(err, "remove %s: %s", name, failed);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int tree_names(int dir_fd, struct strv *out, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t first = out->len;
	if (dir == NULL)
		return err_sys(err, "open the directory");
	fd_take(&fd);
	errno = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strv_add(out, entry->d_name);
	int failed = errno;
	closedir(dir);
	while (failed != 0 && out->len > first)
		free(strv_take_last(out));
	if (failed != 0)
		return err_num(err, failed, "read the directory");
	if (out->len > first + 1)
		qsort(out->items + first, out->len - first, sizeof(out->items[0]), compare_names);
	return 0;
}
