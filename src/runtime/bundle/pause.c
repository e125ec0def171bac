/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of the control group. */
#include "runtime/bundle/verbs.h"

#include "runtime/bundle/record.h"

static int freeze(const struct record *record, bool wanted, struct err *err)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (record_open_cgroup(record, &layout, &cgroup, err) < 0)
		return -1;
	int result = cgroup_freeze(&cgroup, wanted, err);
	cgroup_done(&cgroup);
	return result;
}

int bundle_pause(const struct bundle_home *home, const char *id, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, NULL, err) < 0)
		return -1;
	if (status != BUNDLE_RUNNING && status != BUNDLE_CREATED)
		return err_set(err, ERR_CONFLICT, "container not running or created: %s",
			       bundle_status_name(status));
	/* Before it is frozen: a kill in between leaves a mark that means nothing by itself. */
	if (status == BUNDLE_CREATED && record_mark(&record, RECORD_PAUSED, err) < 0)
		return -1;
	return freeze(&record, true, err);
}

int bundle_resume(const struct bundle_home *home, const char *id, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, NULL, err) < 0)
		return -1;
	if (status != BUNDLE_PAUSED)
		return err_set(err, ERR_CONFLICT, "container not paused: %s",
			       bundle_status_name(status));
	if (freeze(&record, false, err) < 0)
		return -1;
	record_unmark(&record, RECORD_PAUSED);
	return 0;
}
