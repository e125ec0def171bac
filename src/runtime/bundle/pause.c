/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of the control group. */
#include "runtime/bundle/verbs.h"

#include "runtime/bundle/record.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <unistd.h>

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

/* Before it is frozen: a kill in between leaves a mark that means nothing by itself. */
static int mark(const struct record *record, struct err *err)
{
	AUTO_FD fd = openat(record->dir_fd, RECORD_PAUSED,
			    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 ? 0 : err_sys(err, "make the file %s", RECORD_PAUSED);
}

int bundle_pause(const struct bundle_home *home, const char *id, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, &status, NULL, err) < 0)
		return -1;
	if (status != BUNDLE_RUNNING && status != BUNDLE_CREATED)
		return err_set(err, ERR_CONFLICT, "container not running or created: %s",
			       bundle_status_name(status));
	return (status == BUNDLE_CREATED ? mark(&record, err) : 0) < 0 ? -1
								       : freeze(&record, true, err);
}

int bundle_resume(const struct bundle_home *home, const char *id, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, &status, NULL, err) < 0)
		return -1;
	if (status != BUNDLE_PAUSED)
		return err_set(err, ERR_CONFLICT, "container not paused: %s",
			       bundle_status_name(status));
	if (freeze(&record, false, err) < 0)
		return -1;
	unlinkat(record.dir_fd, RECORD_PAUSED, 0);
	return 0;
}
