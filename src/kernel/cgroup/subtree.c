/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over cgroup directories by descriptor. The link count of a cgroup directory is two plus
 * its children (kernfs), which spares reading the many control files' names of a leaf.
 */
#include "kernel/cgroup/subtree.h"

#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_children(int dir_fd)
{
	struct stat st;
	return fstat(dir_fd, &st) == 0 && st.st_nlink > 2;
}

static void dir_done(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

static DIR *dir_open(int dir_fd)
{
	AUTO_FD fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir != NULL)
		fd_take(&fd);
	return dir;
}

static const char *next_child(DIR *dir)
{
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
	return NULL;
}

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ENODEV;
}

static int visit_level(int dir_fd, int depth, int (*visit)(int dir_fd, void *arg), void *arg)
{
	int rc = visit(dir_fd, arg);
	if (rc < 0 || !has_children(dir_fd))
		return rc < 0 ? rc : 0;
	if (depth >= CGROUP_DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	AUTO(DIR *, dir_done) dir = dir_open(dir_fd);
	if (dir == NULL)
		return is_gone(errno) ? 0 : -1;
	for (const char *name; (name = next_child(dir)) != NULL;) {
		AUTO_FD child_fd = openat(dir_fd, name,
					  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child_fd < 0 && is_gone(errno))
			continue;
		rc = child_fd < 0 ? -1 : visit_level(child_fd, depth + 1, visit, arg);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int cgroup_subtree_visit(int dir_fd, int (*visit)(int dir_fd, void *arg), void *arg)
{
	return visit_level(dir_fd, 0, visit, arg);
}

struct pid_visit {
	int (*visit)(pid_t pid, void *arg);
	void *arg;
};

/* Numbers come one a line; one may be cut by the end of the chunk. */
static int visit_pids(int dir_fd, void *arg)
{
	const struct pid_visit *v = arg;
	char chunk[4096];
	long pid = -1;
	AUTO_FD fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return is_gone(errno) ? 0 : -1;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		/* EOPNOTSUPP: a threaded cgroup, whose processes the one above lists. */
		if (n < 0 && (is_gone(errno) || errno == EOPNOTSUPP))
			return 0;
		if (n <= 0)
			return (int)n;
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != '\n') {
				pid = (pid < 0 ? 0 : pid * 10) + (chunk[i] - '0');
				continue;
			}
			int rc = v->visit((pid_t)pid, v->arg);
			if (rc < 0)
				return rc;
			pid = -1;
		}
	}
}

int cgroup_subtree_visit_pids(int dir_fd, int (*visit)(pid_t pid, void *arg), void *arg)
{
	struct pid_visit v = { visit, arg };
	return cgroup_subtree_visit(dir_fd, visit_pids, &v);
}

static int count_one(pid_t pid, void *arg)
{
	(void)pid;
	++*(long *)arg;
	return 0;
}

long cgroup_subtree_count(int dir_fd)
{
	long count = 0;
	return cgroup_subtree_visit_pids(dir_fd, count_one, &count) < 0 ? -1 : count;
}

/*
 * Remove the children of a directory that can go. @return 0 when none is left; 1 with a child
 * that has children itself, open in *out_fd; -1 with errno.
 */
static int remove_level(int dir_fd, int *out_fd)
{
	AUTO(DIR *, dir_done) dir = dir_open(dir_fd);
	if (dir == NULL)
		return is_gone(errno) ? 0 : -1;
	for (const char *name; (name = next_child(dir)) != NULL;) {
		if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || is_gone(errno))
			continue;
		if (errno != EBUSY)
			return -1;
		AUTO_FD child_fd = openat(dir_fd, name,
					  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child_fd < 0 && is_gone(errno))
			continue;
		if (child_fd < 0)
			return -1;
		if (!has_children(child_fd)) {
			errno = EBUSY;
			return -1;
		}
		*out_fd = fd_take(&child_fd);
		return 1;
	}
	return 0;
}

/* Down to where directories can go, and up by "..": a cgroup is never moved below another. */
int cgroup_subtree_remove_children(int dir_fd)
{
	AUTO_FD current_fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (current_fd < 0)
		return is_gone(errno) ? 0 : -1;
	for (unsigned long depth = 0;;) {
		int next_fd = -1;
		int rc = remove_level(current_fd, &next_fd);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			if (depth == 0)
				return 0;
			depth--;
			next_fd = openat(current_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (next_fd < 0)
				return -1;
		} else {
			depth++;
		}
		fd_close(&current_fd);
		current_fd = next_fd;
	}
}
