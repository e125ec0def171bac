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

/* @return 1, 0, -1 */
static int is_frozen(const struct record *record, const struct cgroup_layout *layout,
		     struct err *err)
{
	struct cgroup_layout found;
	const char *path = record->facts.cgroup_path;
	if (path == NULL)
		return 0;
	if (layout == NULL && cgroup_layout_detect(path, &found, err) < 0)
		return -1;
	return cgroup_path_is_frozen(layout != NULL ? layout : &found, path, err);
}

/* Without a process it is in the making, or what somebody who was killed left of it. */
static int is_being_made(const struct record *record, struct err *err)
{
	AUTO_FD lock_fd = -1;
	if (record->facts.init.pid != 0 || record->lock_fd >= 0 ||
	    faccessat(record->locks_fd, record->id, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	int taken = lock_try(record->locks_fd, record->id, LOCK_EXCLUSIVE, &lock_fd, err);
	return taken < 0 ? -1 : taken == 0;
}

static int ask_the_kernel(const struct record *record, const struct cgroup_layout *layout,
			  enum bundle_status *out, int *out_pidfd, struct err *err)
{
	int is = process_mark_open(&record->facts.init, out_pidfd, err);
	if (is == 0) {
		is = is_being_made(record, err);
		*out = is > 0 ? BUNDLE_CREATING : BUNDLE_STOPPED;
		return is;
	}
	if (is > 0)
		is = gate_is_waiting(record->dir_fd, err);
	if (is < 0)
		return -1;
	*out = is > 0 ? BUNDLE_CREATED : BUNDLE_RUNNING;
	/* start need not look into the control group of a container that nobody paused. */
	if (is > 0 && !record_is_marked(record, RECORD_PAUSED))
		return 0;
	is = is_frozen(record, layout, err);
	if (is > 0)
		*out = BUNDLE_PAUSED;
	return is;
}

int record_status(const struct record *record, const struct cgroup_layout *layout,
		  enum bundle_status *out, int *out_pidfd, struct err *err)
{
	AUTO_FD pidfd = -1;
	enum bundle_status status;
	if (ask_the_kernel(record, layout, &status, &pidfd, err) < 0)
		return err_context(err, "status of container %s", record->id);
	*out = status;
	if (out_pidfd != NULL)
		*out_pidfd = fd_take(&pidfd);
	return 0;
}
