/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and opens the directories of one cgroup in every hierarchy. Two system calls a hierarchy
 * on the usual path: mkdirat and openat. Limits, signals and removal are elsewhere.
 */
#include "kernel/cgroup/cgroup.h"

#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/enable.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/place.h"
#include "kernel/cgroup/subtree.h"
#include "kernel/cgroup/v1/v1.h"
#include "kernel/cgroup/v2/v2.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARENT_TRIES 4

/* What a failed create takes back: in each hierarchy the length of the topmost path made here. */
struct creation {
	struct cgroup cgroup;
	size_t first_made_len[CGROUP_HIERARCHIES_MAX];
	bool is_finished;
	bool adopts; /* processes in it are expected */
	int base_fd;
};

/* Which hierarchies a step of the making is about. */
enum part { PART_V1 = 1, PART_V2 = 2, PART_ALL = PART_V1 | PART_V2 };

static void init_cgroup(struct cgroup *cgroup, const struct cgroup_layout *layout, const char *path)
{
	*cgroup = (struct cgroup){ .layout = layout };
	memcpy(cgroup->path, path, strlen(path) + 1);
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		cgroup->dir_fds[i] = -1;
}

void cgroup_done(struct cgroup *cgroup)
{
	if (cgroup->layout == NULL)
		return;
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		fd_close(&cgroup->dir_fds[i]);
	cgroup->layout = NULL;
}

static void take_back(struct creation *c, size_t index)
{
	struct cgroup_place place;
	cgroup_place_make(&c->cgroup.layout->hierarchies[index], c->cgroup.path, &place);
	if (c->first_made_len[index] == 0)
		return;
	for (;;) {
		/* A parent that somebody else uses by now stays (EBUSY). */
		if (unlinkat(c->base_fd, place.path, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return;
		char *slash = strrchr(place.path, '/');
		if (slash == NULL || (size_t)(slash - place.path) < c->first_made_len[index])
			return;
		*slash = '\0';
	}
}

static void creation_done(struct creation *c)
{
	for (size_t i = 0; !c->is_finished && i < c->cgroup.layout->len; i++)
		take_back(c, i);
	if (!c->is_finished)
		cgroup_done(&c->cgroup);
	fd_close(&c->base_fd);
}

static bool is_cpuset(const struct cgroup_hierarchy *h)
{
	return !h->is_v2 && cgroup_list_has(h->controllers, ',', "cpuset");
}

/* The new parents of a cpuset get cpus at once, and let their children inherit: the containers
 * that follow find theirs filled. */
static int fill_parent(struct creation *c, const char *level, size_t mount_len, struct err *err)
{
	if (cgroup_v1_cpuset_inherit(c->base_fd, level, mount_len, err) < 0)
		return -1;
	AUTO_FD dir_fd = openat(c->base_fd, level, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd >= 0)
		cgroup_v1_cpuset_clone_children(dir_fd);
	return 0;
}

static int fail_mkdir(const struct cgroup_hierarchy *h, const char *path, struct err *err)
{
	int errnum = errno;
	err_sys(err, "make cgroup %s%s", h->mount_path, path);
	if (errnum == EACCES || errnum == EPERM)
		err_hint(err, "this part of the cgroup tree is not delegated to you");
	else if (errnum == EAGAIN)
		err_hint(err, "cgroup.max.depth or cgroup.max.descendants is reached above");
	return -1;
}

static int make_parents(struct creation *c, size_t index, struct cgroup_place *place,
			struct err *err)
{
	const struct cgroup_hierarchy *h = &c->cgroup.layout->hierarchies[index];
	char *slash = strchr(place->path + place->mount_len + 1, '/');
	for (; slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int rc = mkdirat(c->base_fd, place->path, 0755);
		if (rc < 0 && errno == ENOENT) {
			*slash = '/';
			return 0; /* somebody's failed create took a parent back: try again */
		}
		if (rc < 0 && errno != EEXIST)
			return fail_mkdir(h, place->path + place->mount_len, err);
		if (rc == 0 && c->first_made_len[index] == 0)
			c->first_made_len[index] = strlen(place->path);
		if (rc == 0 && is_cpuset(h) &&
		    fill_parent(c, place->path, place->mount_len, err) < 0)
			return -1;
		*slash = '/';
	}
	return 0;
}

static int take_existing(struct creation *c, size_t index, struct err *err)
{
	const char *mount_path = c->cgroup.layout->hierarchies[index].mount_path;
	long count = cgroup_subtree_count(c->cgroup.dir_fds[index]);
	if (count < 0)
		return err_sys(err, "list the processes of cgroup %s%s", mount_path,
			       c->cgroup.path);
	if (count == 0) {
		/* Whoever left it may have left it frozen, and then nothing would ever start. */
		if (c->cgroup.layout->hierarchies[index].is_v2)
			(void)cgroup_v2_freezer_set(c->cgroup.dir_fds[index], false);
		else
			(void)cgroup_v1_freezer_set(c->cgroup.dir_fds[index], false);
		return 0;
	}
	err_set(err, ERR_CONFLICT, "cgroup %s%s exists and has %ld processes", mount_path,
		c->cgroup.path, count);
	return err_hint(err, "another container may use the same cgroup path");
}

static int make_directory(struct creation *c, size_t index, struct err *err)
{
	const struct cgroup_hierarchy *h = &c->cgroup.layout->hierarchies[index];
	struct cgroup_place place;
	cgroup_place_make(h, c->cgroup.path, &place);
	int rc = mkdirat(c->base_fd, place.path, 0755);
	for (int i = 0; i < PARENT_TRIES && rc < 0 && errno == ENOENT; i++) {
		if (make_parents(c, index, &place, err) < 0)
			return -1;
		rc = mkdirat(c->base_fd, place.path, 0755);
	}
	if (rc < 0 && errno != EEXIST)
		return fail_mkdir(h, c->cgroup.path, err);
	c->cgroup.is_made[index] = rc == 0;
	if (rc == 0 && c->first_made_len[index] == 0)
		c->first_made_len[index] = strlen(place.path);
	int fd = openat(c->base_fd, place.path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open cgroup %s%s", h->mount_path, c->cgroup.path);
	c->cgroup.dir_fds[index] = fd;
	if (rc < 0 && !c->adopts && take_existing(c, index, err) < 0)
		return -1;
	char cpus[8];
	if (is_cpuset(h) && cgroup_control_read(fd, "cpuset.cpus", cpus, sizeof(cpus)) <= 0)
		return cgroup_v1_cpuset_inherit(c->base_fd, place.path, place.mount_len, err);
	return 0;
}

static int make(struct creation *c, enum part part, const struct cgroup_limits *limits,
		struct err *err)
{
	const struct cgroup_layout *layout = c->cgroup.layout;
	c->base_fd = cgroup_base_open(err);
	if (c->base_fd < 0)
		return -1;
	for (size_t i = 0; i < layout->len; i++) {
		enum part own = layout->hierarchies[i].is_v2 ? PART_V2 : PART_V1;
		if ((part & own) != 0 && make_directory(c, i, err) < 0)
			return -1;
	}
	int v2 = (part & PART_V2) != 0 ? cgroup_layout_find_v2(layout) : -1;
	return v2 < 0 ? 0 : cgroup_v2_enable(&c->cgroup, (size_t)v2, limits, c->base_fd, err);
}

static int create(const struct cgroup_layout *layout, const char *path, enum part part,
		  const struct cgroup_limits *limits, struct cgroup *out, struct err *err)
{
	if (cgroup_path_check(path, err) < 0)
		return -1;
	if (layout->mode == CGROUP_NONE) {
		err_set(err, ERR_UNSUPPORTED, "make cgroup %s: no cgroup tree is mounted writable",
			path);
		return err_hint(err, "mount cgroup2 on /sys/fs/cgroup, or have a part of it "
				     "delegated to you");
	}
	AUTO(struct creation, creation_done) c = { .base_fd = -1 };
	init_cgroup(&c.cgroup, layout, path);
	if (make(&c, part, limits, err) < 0)
		return -1;
	*out = c.cgroup;
	c.is_finished = true;
	return 0;
}

int cgroup_create(const struct cgroup_layout *layout, const char *path,
		  const struct cgroup_limits *limits, struct cgroup *out, struct err *err)
{
	return create(layout, path, PART_ALL, limits, out, err);
}

int cgroup_begin(const struct cgroup_layout *layout, const char *path,
		 const struct cgroup_limits *limits, struct cgroup *out, struct err *err)
{
	return create(layout, path, PART_V2, limits, out, err);
}

int cgroup_complete(struct cgroup *cgroup, struct err *err)
{
	AUTO(struct creation, creation_done) rest = { .base_fd = -1 };
	init_cgroup(&rest.cgroup, cgroup->layout, cgroup->path);
	if (make(&rest, PART_V1, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		if (cgroup->layout->hierarchies[i].is_v2)
			continue;
		cgroup->dir_fds[i] = rest.cgroup.dir_fds[i];
		cgroup->is_made[i] = rest.cgroup.is_made[i];
	}
	rest.is_finished = true;
	return 0;
}

int cgroup_adopt(const struct cgroup_layout *layout, const char *path,
		 const struct cgroup_limits *limits, pid_t pid, struct cgroup *out, struct err *err)
{
	if (cgroup_path_check(path, err) < 0)
		return -1;
	AUTO(struct creation, creation_done) c = { .base_fd = -1, .adopts = true };
	init_cgroup(&c.cgroup, layout, path);
	if (make(&c, PART_ALL, limits, err) < 0)
		return -1;
	int v2 = cgroup_layout_find_v2(layout);
	if (v2 >= 0 && c.cgroup.is_made[v2]) {
		struct cgroup only = c.cgroup;
		for (int i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
			only.dir_fds[i] = i == v2 ? only.dir_fds[i] : -1;
		if (cgroup_join_pid(&only, pid, err) < 0)
			return -1;
	}
	*out = c.cgroup;
	c.is_finished = true;
	return 0;
}

int cgroup_open(const struct cgroup_layout *layout, const char *path, struct cgroup *out,
		struct err *err)
{
	AUTO(struct cgroup, cgroup_done) cgroup = { 0 };
	if (cgroup_path_check(path, err) < 0)
		return -1;
	init_cgroup(&cgroup, layout, path);
	AUTO_FD base_fd = layout->len > 0 ? cgroup_base_open(err) : -1;
	if (base_fd < 0 && layout->len > 0)
		return -1;
	for (size_t i = 0; i < layout->len; i++) {
		struct cgroup_place place;
		cgroup_place_make(&layout->hierarchies[i], path, &place);
		cgroup.dir_fds[i] = openat(base_fd, place.path,
					   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (cgroup.dir_fds[i] < 0 && errno != ENOENT)
			return err_sys(err, "open cgroup %s%s", layout->hierarchies[i].mount_path,
				       path);
	}
	*out = cgroup;
	cgroup.layout = NULL;
	return 0;
}
