/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to the first process by its pidfd, or to everything in the control group. */
#include "runtime/bundle/verbs.h"

#include "runtime/bundle/record.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <signal.h>

static int signal_all(const struct record *record, int pidfd, int number, struct err *err)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	/* Without a group: nobody outlives the first process of a pid namespace. */
	if (record->facts.cgroup_path == NULL && !record->facts.shares_pids) {
		if (pidfd < 0)
			return 0;
		if (number == SIGKILL)
			return process_signal(pidfd, number, err);
	}
	if (record_open_cgroup(record, &layout, &cgroup, err) < 0)
		return -1;
	int result = number == SIGKILL ? cgroup_kill(&cgroup, err)
				       : cgroup_signal(&cgroup, number, err);
	cgroup_done(&cgroup);
	return result;
}

/* Without a pid namespace of its own the others outlive the first process. */
static bool outlives_its_first(const struct record *record)
{
	return record->facts.shares_pids && record->facts.cgroup_path != NULL;
}

int bundle_kill(const struct bundle_home *home, const char *id, int number, bool all,
		struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	AUTO_FD pidfd = -1;
	if (record_open(home->state_path, id, false, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, &pidfd, err) < 0)
		return -1;
	if (all || (number == SIGKILL && outlives_its_first(&record)))
		return signal_all(&record, pidfd, number, err);
	if (pidfd < 0)
		return err_set(err, ERR_CONFLICT, "container not running");
	if (process_signal(pidfd, number, err) < 0)
		return -1;
	/* A frozen process dies only once it is thawed; on v2 the kernel sees to it. */
	if (status == BUNDLE_PAUSED && number == SIGKILL)
		(void)bundle_resume(home, id, NULL);
	return 0;
}
