/* SPDX-License-Identifier: Apache-2.0 */
/* What a container does now. Nothing of this is on record: the kernel knows. */
#include "runtime/bundle/record.h"

#include "base/mem.h"
#include "runtime/gate.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <fcntl.h>
#include <unistd.h>

const char *bundle_status_name(enum bundle_status status)
{
	static const char *const names[] = { "creating", "created", "running", "paused",
					     "stopped" };
	return names[status];
}

static bool is_frozen(const struct record *record)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (record->facts.cgroup_path == NULL || cgroup_layout_detect(&layout, NULL) < 0 ||
	    cgroup_open(&layout, record->facts.cgroup_path, &cgroup, NULL) < 0)
		return false;
	bool is = cgroup_is_frozen(&cgroup);
	cgroup_done(&cgroup);
	return is;
}

/* Without a process it is in the making, or what somebody who was killed left of it. */
static bool is_being_made(const struct record *record)
{
	AUTO_FD lock_fd = -1;
	return record->facts.init.pid == 0 && record->lock_fd < 0 &&
	       faccessat(record->locks_fd, record->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
	       lock_try(record->locks_fd, record->id, LOCK_EXCLUSIVE, &lock_fd, NULL) == 0;
}

enum bundle_status record_status(const struct record *record, int *out_pidfd)
{
	AUTO_FD pidfd = process_mark_open(&record->facts.init);
	enum bundle_status status = BUNDLE_RUNNING;
	if (pidfd < 0)
		status = is_being_made(record) ? BUNDLE_CREATING : BUNDLE_STOPPED;
	else if (gate_is_waiting(record->dir_fd))
		status = BUNDLE_CREATED;
	/* One that is created may be paused, too; that it waits says more. */
	else if (is_frozen(record))
		status = BUNDLE_PAUSED;
	if (out_pidfd != NULL)
		*out_pidfd = fd_take(&pidfd);
	return status;
}
