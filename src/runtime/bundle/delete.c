/* SPDX-License-Identifier: Apache-2.0 */
/* delete: whatever is left of a container, and in the end its record. May be repeated at any point.
 */
#include "runtime/bundle/verbs.h"

#include "runtime/boot/hooks.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/document.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#define DEATH_TIMEOUT_MS 10000

/* Its parent may not have reaped it yet, or may never: dead is enough. */
static int end_process(int pidfd, struct err *err)
{
	struct pollfd ready = { .fd = pidfd, .events = POLLIN };
	if (process_signal(pidfd, SIGKILL, err) < 0)
		return -1;
	int n;
	do {
		n = poll(&ready, 1, DEATH_TIMEOUT_MS);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "wait for the end of the container's first process");
	if (n == 0)
		return err_set(err, ERR_CONFLICT, "container init still running");
	return 0;
}

static void run_poststop_hooks(const struct record *record)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	if (!record->facts.has_poststop || bundle_reopen(record, &bundle, NULL) < 0)
		return;
	AUTO_FREE char *state = document_of(record, "stopped", 0);
	hooks_run_all(&bundle.spec, SPEC_HOOK_POSTSTOP, state);
}

static int take_away(struct record *record, int pidfd, enum bundle_status status, struct err *err)
{
	struct cgroup_layout layout;
	if (cgroup_layout_detect(record->facts.cgroup_path, &layout, err) < 0)
		return -1;
	/* A v1-frozen process does not die: the control group goes first then, which thaws it. One
	 * that waits for its start does not say whether somebody else froze it. */
	if ((status == BUNDLE_PAUSED || status == BUNDLE_CREATED) &&
	    record_remove_cgroup(record, &layout, err) < 0)
		return -1;
	/* The record goes last, and stays if anything does that it names. */
	if ((pidfd >= 0 && end_process(pidfd, err) < 0) ||
	    record_remove_cgroup(record, &layout, err) < 0)
		return -1;
	record_remove_class(record);
	run_poststop_hooks(record);
	return record_drop(record, err);
}

int bundle_delete(const struct bundle_home *home, const char *id, bool force, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	AUTO_FD pidfd = -1;
	struct err why = { 0 };
	if (record_open(home->state_path, id, true, &record, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND && force)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	enum bundle_status status;
	if (record_status(&record, NULL, &status, &pidfd, err) < 0)
		return -1;
	if (!force && status != BUNDLE_STOPPED && status != BUNDLE_CREATED)
		return err_set(err, ERR_CONFLICT,
			       "cannot delete container %s that is not stopped: %s", id,
			       bundle_status_name(status));
	return take_away(&record, pidfd, status, err);
}
