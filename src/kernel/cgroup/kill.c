/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends everything in a cgroup. cgroup.kill (Linux 5.14) does it in one step, also in the v2 tree
 * of a hybrid layout. Without it: freeze, so that nothing forks between listing and signalling,
 * signal everyone, thaw. A v1-frozen process dies only once it is thawed.
 */
#include "kernel/cgroup/cgroup.h"

#include "base/mem.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/freeze.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/subtree.h"
#include "kernel/cgroup/wait.h"

#include <errno.h>
#include <signal.h>

#define FREEZE_ROUND_MS 500
#define KILL_ROUNDS_MS  5000

/* Index of the tree whose processes count: freezer, pids, or any; v2 last. -1: no directory. */
static int main_tree(const struct cgroup *cgroup)
{
	static const char *const preferred[] = { "freezer", "pids", "memory" };
	for (size_t i = 0; i < ARRAY_LEN(preferred); i++) {
		int index = cgroup_layout_find_v1(cgroup->layout, preferred[i]);
		if (index >= 0 && cgroup->dir_fds[index] >= 0)
			return index;
	}
	int v2 = -1;
	for (size_t i = 0; i < cgroup->layout->len; i++) {
		if (cgroup->dir_fds[i] < 0)
			continue;
		if (!cgroup->layout->hierarchies[i].is_v2)
			return (int)i;
		v2 = (int)i;
	}
	return v2;
}

long cgroup_count(const struct cgroup *cgroup, struct err *err)
{
	int index = main_tree(cgroup);
	if (index < 0)
		return 0;
	long count = cgroup_subtree_count(cgroup->dir_fds[index]);
	if (count < 0)
		err_sys(err, "list the processes of cgroup %s%s",
			cgroup->layout->hierarchies[index].mount_path, cgroup->path);
	return count;
}

struct pid_list {
	pid_t *items;
	size_t len, capacity;
};

static int collect_pid(pid_t pid, void *arg)
{
	struct pid_list *list = arg;
	if (pid <= 0)
		return 0;
	if (list->len == CGROUP_PIDS_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (list->len == list->capacity) {
		list->capacity = list->capacity * 2 + 32;
		list->items = mem_realloc(list->items, list->capacity * sizeof(pid_t));
	}
	list->items[list->len++] = pid;
	return 0;
}

int cgroup_pids(const struct cgroup *cgroup, pid_t **out, size_t *out_len, struct err *err)
{
	int index = main_tree(cgroup);
	struct pid_list list = { 0 };
	if (index >= 0 &&
	    cgroup_subtree_visit_pids(cgroup->dir_fds[index], collect_pid, &list) < 0) {
		err_sys(err, "list the processes of cgroup %s", cgroup->path);
		free(list.items);
		return -1;
	}
	*out = list.items;
	*out_len = list.len;
	return 0;
}

int cgroup_signal(const struct cgroup *cgroup, int signal, struct err *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t len = 0;
	if (cgroup_pids(cgroup, &pids, &len, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			return err_sys(err, "signal %d to process %d of cgroup %s", signal,
				       (int)pids[i], cgroup->path);
	return 0;
}

static int kill_one(pid_t pid, void *arg)
{
	if (pid > 0 && kill(pid, SIGKILL) < 0 && errno != ESRCH && *(int *)arg == 0)
		*(int *)arg = errno;
	return 0;
}

/*
 * One round. @return 1 when nothing can be left without a signal, 0 when another round is
 * needed (not all was frozen), -1 with errno.
 */
static int kill_round(int dir_fd, const struct cgroup_freezer *freezer)
{
	int first_errno = 0;
	int is_frozen = 0;
	if (freezer != NULL && cgroup_freezer_set(freezer, true) == 0)
		is_frozen = cgroup_freezer_wait(freezer, true, FREEZE_ROUND_MS);
	int rc = cgroup_subtree_visit_pids(dir_fd, kill_one, &first_errno);
	int visit_errno = errno;
	if (freezer != NULL)
		(void)cgroup_freezer_set(freezer, false);
	if (rc < 0 || first_errno != 0) {
		errno = rc < 0 ? visit_errno : first_errno;
		return -1;
	}
	return is_frozen > 0;
}

static int kill_by_signals(const struct cgroup *cgroup, int index, struct err *err)
{
	int dir_fd = cgroup->dir_fds[index];
	struct cgroup_freezer freezer;
	bool has_freezer = cgroup_freezer_find(cgroup, &freezer);
	AUTO(struct cgroup_wait, cgroup_wait_done) wait;
	cgroup_wait_init(&wait, KILL_ROUNDS_MS, -1);
	do {
		int rc = kill_round(dir_fd, has_freezer ? &freezer : NULL);
		if (rc < 0)
			return err_sys(err, "kill the processes of cgroup %s", cgroup->path);
		if (rc > 0 || cgroup_subtree_count(dir_fd) == 0)
			return 0;
	} while (cgroup_wait_more(&wait));
	return err_num(err, ETIMEDOUT, "kill the processes of cgroup %s: new ones keep appearing",
		       cgroup->path);
}

/* cgroup.kill in the v2 tree. @return whether it reached everybody in `index`'s tree */
static bool kill_at_once(const struct cgroup *cgroup, int index)
{
	int v2 = cgroup_layout_find_v2(cgroup->layout);
	if (v2 < 0 || cgroup->dir_fds[v2] < 0)
		return false;
	struct cgroup_control control = { .dir_fd = cgroup->dir_fds[v2] };
	if (v2 == index)
		return cgroup_control_put(&control, "cgroup.kill", "1") == 0 || errno == ENODEV;
	/* Somebody may have joined the v1 trees alone. Counting v1 first errs on the safe side:
	 * what is forked in between is in both. */
	long in_v1 = cgroup_subtree_count(cgroup->dir_fds[index]);
	long in_v2 = cgroup_subtree_count(cgroup->dir_fds[v2]);
	return cgroup_control_put(&control, "cgroup.kill", "1") == 0 && in_v1 >= 0 &&
	       in_v2 >= in_v1;
}

int cgroup_kill(const struct cgroup *cgroup, struct err *err)
{
	int index = main_tree(cgroup);
	struct cgroup_freezer freezer;
	if (index < 0 || cgroup_subtree_count(cgroup->dir_fds[index]) == 0)
		return 0;
	if (!kill_at_once(cgroup, index))
		return kill_by_signals(cgroup, index, err);
	if (cgroup_freezer_find(cgroup, &freezer) && !freezer.is_v2)
		(void)cgroup_freezer_set(&freezer, false);
	return 0;
}
