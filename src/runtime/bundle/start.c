/* SPDX-License-Identifier: Apache-2.0 */
/* start: the byte that a created container waits for, and the hooks after its program has begun. */
#include "runtime/bundle/verbs.h"

#include "runtime/boot/hooks.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/document.h"
#include "runtime/bundle/notify.h"
#include "runtime/gate.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <signal.h>

/* One that fails ends the container. Source: OCI runtime-spec 1.3, runtime.md "Lifecycle" 9 */
static int run_poststart_hooks(const struct record *record, int pidfd, struct err *err)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	if (bundle_reopen(record, &bundle, err) < 0)
		return -1;
	AUTO_FREE char *state = document_of(record, "running", record->facts.init.pid);
	if (hooks_run(&bundle.spec, SPEC_HOOK_POSTSTART, state, err) == 0)
		return 0;
	process_signal(pidfd, SIGKILL, NULL);
	return -1;
}

int bundle_start(const struct bundle_home *home, const char *id, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	AUTO_FD pidfd = -1;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, &pidfd, err) < 0)
		return -1;
	switch (status) {
	case BUNDLE_CREATED:
		break;
	case BUNDLE_STOPPED:
		return err_set(err, ERR_CONFLICT, "cannot start a container that has stopped");
	case BUNDLE_PAUSED:
		return err_set(err, ERR_CONFLICT, "cannot start a container in the paused state");
	default:
		return err_set(err, ERR_CONFLICT, "cannot start an already running container");
	}
	AUTO(struct notify, notify_close) notify = NOTIFY_INIT;
	if (notify_open(&record, &notify, err) < 0 || gate_release(record.dir_fd, pidfd, err) < 0 ||
	    (record.facts.has_poststart && run_poststart_hooks(&record, pidfd, err) < 0))
		return -1;
	/* It takes the time it takes, and may be deleted meanwhile. */
	record_unlock(&record);
	notify_await_ready(&notify, record.facts.init.pid, pidfd);
	return 0;
}
