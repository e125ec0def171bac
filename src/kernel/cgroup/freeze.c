/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stops and continues everything in a cgroup, with the freezer the layout has: the v1 controller,
 * or the core file of v2. The two are independent of each other; one is used.
 */
#include "kernel/cgroup/freeze.h"

#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/v1/v1.h"
#include "kernel/cgroup/v2/v2.h"
#include "kernel/cgroup/wait.h"

#include <errno.h>

#define FREEZE_TIMEOUT_MS 10000

bool cgroup_freezer_find(const struct cgroup *cgroup, struct cgroup_freezer *out)
{
	int index = cgroup_layout_find_v1(cgroup->layout, "freezer");
	bool is_v2 = index < 0;
	if (is_v2)
		index = cgroup_layout_find_v2(cgroup->layout);
	if (index < 0 || cgroup->dir_fds[index] < 0)
		return false;
	*out = (struct cgroup_freezer){ cgroup->dir_fds[index], is_v2 };
	return true;
}

int cgroup_freezer_set(const struct cgroup_freezer *freezer, bool freeze)
{
	return freezer->is_v2 ? cgroup_v2_freezer_set(freezer->dir_fd, freeze)
			      : cgroup_v1_freezer_set(freezer->dir_fd, freeze);
}

int cgroup_freezer_wait(const struct cgroup_freezer *freezer, bool frozen, unsigned timeout_ms)
{
	AUTO(struct cgroup_wait, cgroup_wait_done) wait;
	cgroup_wait_init(&wait, timeout_ms, freezer->is_v2 ? freezer->dir_fd : -1);
	do {
		int is = freezer->is_v2 ? cgroup_v2_freezer_is(freezer->dir_fd, frozen)
					: cgroup_v1_freezer_is(freezer->dir_fd, frozen);
		if (is != 0)
			return is;
	} while (cgroup_wait_more(&wait));
	return 0;
}

static bool is_missing(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		if (cgroup->dir_fds[i] >= 0)
			return false;
	}
	return true;
}

int cgroup_freeze(const struct cgroup *cgroup, bool freeze, struct err *err)
{
	const char *verb = freeze ? "freeze" : "thaw";
	struct cgroup_freezer freezer;
	if (!cgroup_freezer_find(cgroup, &freezer)) {
		if (cgroup->layout->len > 0 && is_missing(cgroup))
			return err_set(err, ERR_NOT_FOUND, "%s cgroup %s: it does not exist", verb,
				       cgroup->path);
		err_set(err, ERR_UNSUPPORTED, "%s cgroup %s: no freezer has it", verb,
			cgroup->path);
		return err_hint(err, "the kernel needs CONFIG_CGROUP_FREEZER, or cgroup v2");
	}
	if (cgroup_freezer_set(&freezer, freeze) < 0)
		return err_sys(err, "%s cgroup %s", verb, cgroup->path);
	int is = cgroup_freezer_wait(&freezer, freeze, FREEZE_TIMEOUT_MS);
	if (is > 0)
		return 0;
	if (is < 0)
		return err_sys(err, "read the freezer of cgroup %s", cgroup->path);
	if (freeze)
		(void)cgroup_freezer_set(&freezer, false);
	err_num(err, ETIMEDOUT, "%s cgroup %s: not done after %d s", verb, cgroup->path,
		FREEZE_TIMEOUT_MS / 1000);
	return err_hint(err, freeze ? "a process waits uninterruptibly in the kernel"
				    : "a cgroup above may be frozen");
}

int cgroup_path_is_frozen(const struct cgroup_layout *layout, const char *path, struct err *err)
{
	struct cgroup_layout only = { .mode = layout->mode, .len = 1 };
	struct cgroup_freezer freezer;
	struct cgroup cgroup;
	int index = cgroup_layout_find_v1(layout, "freezer");
	if (index < 0)
		index = cgroup_layout_find_v2(layout);
	if (index < 0)
		return 0;
	only.hierarchies[0] = layout->hierarchies[index];
	if (cgroup_open(&only, path, &cgroup, err) < 0)
		return -1;
	bool is = cgroup_freezer_find(&cgroup, &freezer) &&
		  (freezer.is_v2 ? cgroup_v2_freezer_is(freezer.dir_fd, true)
				 : cgroup_v1_freezer_is(freezer.dir_fd, true)) > 0;
	cgroup_done(&cgroup);
	return is;
}
