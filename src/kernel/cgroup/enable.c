/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enables controllers from the top of the v2 tree down to a cgroup's parent. A cgroup other than
 * the root that passes on controllers may have no processes of its own (EBUSY): that is the
 * usual trouble inside a container, whose root is such a cgroup; there they move aside.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"
 */
#include "kernel/cgroup/enable.h"

#include "kernel/cgroup/control/controller.h"
#include "kernel/cgroup/evacuate.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/place.h"
#include "kernel/cgroup/v2/v2.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX   512 /* all controllers of Linux in a line are 70 */
#define UNIFIED_MAX 64

/* Names divided by spaces, each once. */
struct names {
	char text[NAMES_MAX];
	size_t len;
};

static void names_add(struct names *names, const char *name)
{
	if (name[0] == '\0' || cgroup_list_has(names->text, ' ', name) ||
	    names->len + strlen(name) + 2 > sizeof(names->text))
		return;
	names->len += (size_t)snprintf(names->text + names->len, sizeof(names->text) - names->len,
				       "%s%s", names->len > 0 ? " " : "", name);
}

/* Those of `names` that are (or are not) in the kernel's list. */
static struct names names_filter(const struct names *names, const char *list, bool is_in)
{
	struct names out = { 0 };
	struct names copy = *names;
	char *next = copy.text;
	for (char *name; (name = strsep(&next, " ")) != NULL && *name != '\0';) {
		if (cgroup_list_has(list, ' ', name) == is_in)
			names_add(&out, name);
	}
	return out;
}

static int collect_required(const struct cgroup_layout *layout, const struct cgroup_limits *limits,
			    struct names *out, struct err *err)
{
	for (enum cgroup_kind kind = 0; kind < CGROUP_KINDS; kind++) {
		const struct cgroup_controller *v1 = &cgroup_v1_controllers[kind];
		const struct cgroup_controller *v2 = &cgroup_v2_controllers[kind];
		/* "Unlimited" is what there is without the controller. */
		if (kind == CGROUP_PIDS && limits->pids_max.value <= 0)
			continue;
		if (!v2->is_core && v2->apply != NULL && cgroup_limits_need(limits, kind) &&
		    cgroup_layout_find_v1(layout, v1->name) < 0)
			names_add(out, v2->name);
	}
	if (limits->unified.len > UNIFIED_MAX)
		return err_set(err, ERR_INVALID, "%zu unified cgroup keys: at most %d are possible",
			       limits->unified.len, UNIFIED_MAX);
	for (size_t i = 0; i < limits->unified.len; i++) {
		char name[32];
		if (cgroup_v2_unified_controller(limits->unified.items[i], name, err) < 0)
			return -1;
		names_add(out, name);
	}
	return 0;
}

static const char *option_of(const char *name)
{
	for (enum cgroup_kind kind = 0; kind < CGROUP_KINDS; kind++) {
		if (strcmp(cgroup_v2_controllers[kind].name, name) == 0)
			return cgroup_v2_controllers[kind].option;
	}
	return "a controller of that name";
}

static int fail_missing(const char *where, const struct names *missing, const char *have,
			struct err *err)
{
	char first[32];
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(missing->text, " "), missing->text);
	err_set(err, ERR_UNSUPPORTED, "%s has no cgroup controller \"%s\" (cgroup.controllers: %s)",
		where, first, have);
	return err_hint(err,
			"invalid configuration, or the kernel lacks %s, or cgroup v1 has taken it",
			option_of(first));
}

static int fail_level(const char *where, const char *request, struct err *err)
{
	int errnum = errno;
	if (errnum == EBUSY) {
		err_set(err, ERR_CONFLICT,
			"enable cgroup controllers (%s) below %s: it has processes of its own",
			request, where);
		return err_hint(err,
				"a v2 cgroup has either processes or limited children: move the "
				"processes of %.80s into a cgroup below it, or name another parent",
				where);
	}
	err_sys(err, "write \"%s\" to %s/cgroup.subtree_control", request, where);
	if (errnum == EOPNOTSUPP)
		err_hint(err, "it is in a threaded part of the tree (see cgroup.type)");
	return -1;
}

/*
 * Has a cgroup other than the root processes of its own? The kernel refuses to enable controllers
 * there (EBUSY), but for cpu, cpuset and pids it instead makes the cgroup a threaded domain, in
 * whose children no container can run: so ask first. The root alone has no cgroup.type.
 */
static bool is_occupied(int dir_fd)
{
	char text[32];
	return cgroup_control_read(dir_fd, "cgroup.type", text, sizeof(text)) > 0 &&
	       cgroup_control_read(dir_fd, "cgroup.procs", text, sizeof(text)) > 0;
}

/* Ask one level to pass on what it does not yet. */
static int enable_level(int dir_fd, const char *where, const struct names *names, bool may_evacuate,
			struct err *err)
{
	char have[NAMES_MAX];
	char request[2 * NAMES_MAX] = "";
	size_t len = 0;
	struct cgroup_control control = { .dir_fd = dir_fd };
	if (cgroup_control_read(dir_fd, "cgroup.subtree_control", have, sizeof(have)) < 0)
		return err_sys(err, "read %s/cgroup.subtree_control", where);
	struct names missing = names_filter(names, have, false);
	char *next = missing.text;
	for (char *name; (name = strsep(&next, " ")) != NULL && *name != '\0';)
		len += (size_t)snprintf(request + len, sizeof(request) - len, "%s+%s",
					len > 0 ? " " : "", name);
	if (len == 0)
		return 0;
	if (is_occupied(dir_fd)) {
		errno = EBUSY;
		if (!may_evacuate || cgroup_evacuate(dir_fd) < 0)
			return fail_level(where, request, err);
	}
	if (cgroup_control_put(&control, "cgroup.subtree_control", request) < 0)
		return fail_level(where, request, err);
	return 0;
}

static int enable_path(const struct cgroup_hierarchy *h, const struct cgroup_place *place,
		       const struct names *names, int base_fd, struct err *err)
{
	char level[2 * CGROUP_PATH_MAX];
	bool may_evacuate = cgroup_is_namespace_root(h);
	snprintf(level, sizeof(level), "%s", place->path);
	for (char *slash = level + place->mount_len; slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		char where[2 * CGROUP_PATH_MAX];
		*slash = '\0';
		snprintf(where, sizeof(where), "%s%s", h->mount_path, level + place->mount_len);
		AUTO_FD dir_fd = openat(base_fd, level, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0)
			return err_sys(err, "open %s", where);
		if (enable_level(dir_fd, where, names, may_evacuate, err) < 0)
			return -1;
		may_evacuate = false; /* the levels below are not ours to tidy */
		*slash = '/';
	}
	return 0;
}

/* What the top of the tree has: nothing else can be had below. */
static int read_top(const struct cgroup_place *place, const char *mount_path, int base_fd,
		    char have[NAMES_MAX], struct err *err)
{
	char top[2 * CGROUP_PATH_MAX];
	snprintf(top, sizeof(top), "%.*s", (int)place->mount_len, place->path);
	AUTO_FD top_fd = openat(base_fd, top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top_fd < 0 || cgroup_control_read(top_fd, "cgroup.controllers", have, NAMES_MAX) < 0)
		return err_sys(err, "read %s/cgroup.controllers", mount_path);
	return 0;
}

int cgroup_v2_enable(const struct cgroup *cgroup, size_t index, const struct cgroup_limits *limits,
		     int base_fd, struct err *err)
{
	const struct cgroup_hierarchy *h = &cgroup->layout->hierarchies[index];
	struct names required = { 0 };
	struct names optional = { 0 };
	char have[NAMES_MAX];
	if (collect_required(cgroup->layout, limits, &required, err) < 0)
		return -1;
	if (cgroup->layout->mode == CGROUP_V2) {
		names_add(&optional, "cpu");
		names_add(&optional, "memory");
		names_add(&optional, "pids");
		names_add(&optional, "io");
		names_add(&optional, "cpuset");
	}
	if (required.len == 0 && optional.len == 0)
		return 0;
	if (cgroup_control_read(cgroup->dir_fds[index], "cgroup.controllers", have, sizeof(have)) <
	    0)
		return err_sys(err, "read %s%s/cgroup.controllers", h->mount_path, cgroup->path);
	required = names_filter(&required, have, false);
	optional = names_filter(&optional, have, false);
	if (required.len == 0 && optional.len == 0)
		return 0;

	struct cgroup_place place;
	cgroup_place_make(h, cgroup->path, &place);
	if (read_top(&place, h->mount_path, base_fd, have, err) < 0)
		return -1;
	struct names missing = names_filter(&required, have, false);
	if (missing.len > 0)
		return fail_missing(h->mount_path, &missing, have, err);
	/* Not every kernel has these: looked for only where a tree is used for the first time. */
	if (optional.len > 0) {
		names_add(&optional, "hugetlb");
		names_add(&optional, "rdma");
		names_add(&optional, "misc");
	}
	if (required.len > 0 && enable_path(h, &place, &required, base_fd, err) < 0)
		return -1;
	/* Each alone and best effort: a delegated tree may lack some, and statistics say 0 then. */
	for (char *next = optional.text, *name; (name = strsep(&next, " ")) != NULL;) {
		struct names one = { 0 };
		names_add(&one, name);
		if (one.len > 0 && cgroup_list_has(have, ' ', name))
			(void)enable_path(h, &place, &one, base_fd, NULL);
	}
	return 0;
}
