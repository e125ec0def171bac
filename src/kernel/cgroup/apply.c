/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands each kind of limit to the controller of the tree that has it: a v1 tree where one is
 * mounted for it, else v2. Knows no file.
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/control/controller.h"
#include "kernel/cgroup/control/userns.h"
#include "kernel/cgroup/layout.h"

#include <errno.h>
#include <fcntl.h>

static int fail_missing(const struct cgroup_controller *v1, const struct cgroup_controller *v2,
			struct err *err)
{
	const struct cgroup_controller *row = v1->name != NULL ? v1 : v2;
	err_set(err, ERR_UNSUPPORTED, "no cgroup tree has the controller %s", row->name);
	if (v1->name == NULL)
		return err_hint(err, "invalid configuration on this machine: it needs cgroup v2");
	if (v2->apply == NULL)
		return err_hint(err, "it needs %s and cgroup v1", row->option);
	return err_hint(err, "the kernel needs %s", row->option);
}

static int apply_kind(const struct cgroup *cgroup, enum cgroup_kind kind,
		      const struct cgroup_limits *limits, struct err *err)
{
	const struct cgroup_controller *v1 = &cgroup_v1_controllers[kind];
	const struct cgroup_controller *v2 = &cgroup_v2_controllers[kind];
	const struct cgroup_controller *row = v1;
	int index = v1->name != NULL ? cgroup_layout_find_v1(cgroup->layout, v1->name) : -1;
	if (index < 0 && v2->apply != NULL) {
		row = v2;
		index = cgroup_layout_find_v2(cgroup->layout);
	}
	if (index < 0 && kind == CGROUP_DEVICES && cgroup_device_rules_are_denied())
		return 0; /* of the trees, only some are ours */
	if (index < 0)
		return fail_missing(v1, v2, err);
	const struct cgroup_hierarchy *h = &cgroup->layout->hierarchies[index];
	if (cgroup->dir_fds[index] < 0)
		return err_set(err, ERR_NOT_FOUND, "limit %s: there is no cgroup %s%s", row->name,
			       h->mount_path, cgroup->path);
	struct cgroup_control control = {
		.dir_fd = cgroup->dir_fds[index],
		.is_fresh = cgroup->is_made[index],
		.mount_path = h->mount_path,
		.path = cgroup->path,
		.controller = row->name,
		.option = row->option,
	};
	return row->apply(&control, limits, err);
}

int cgroup_apply(const struct cgroup *cgroup, const struct cgroup_limits *limits, struct err *err)
{
	for (enum cgroup_kind kind = 0; kind < CGROUP_KINDS; kind++) {
		if (cgroup_limits_need(limits, kind) && apply_kind(cgroup, kind, limits, err) < 0)
			return -1;
	}
	return 0;
}
