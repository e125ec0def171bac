/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events: what a container uses, at intervals, and when memory ran out in it; until its first
 * process ends. One poll over three descriptors; nothing is taken from the container or locked.
 */
#include "runtime/bundle/verbs.h"

#include "kernel/cgroup/oom.h"
#include "kernel/cgroup/usage.h"
#include "runtime/bundle/record.h"
#include "sys/fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct watch {
	const struct bundle_events_options *options;
	struct cgroup_layout layout;
	struct cgroup cgroup;
	struct cgroup_oom oom;
	int pidfd, timer_fd;
};

static int tell_usage(const struct watch *watch, struct err *err)
{
	struct cgroup_usage usage;
	if (cgroup_usage_read(&watch->cgroup, &usage, err) < 0)
		return -1;
	int result = watch->options->tell(watch->options->context, &usage, err);
	cgroup_usage_done(&usage);
	return result;
}

static int tell_oom(struct watch *watch, struct err *err)
{
	for (unsigned n = cgroup_oom_take(&watch->oom); n > 0; n--)
		if (watch->options->tell(watch->options->context, NULL, err) < 0)
			return -1;
	return 0;
}

static int start_timer(struct watch *watch, struct err *err)
{
	uint64_t ns = watch->options->interval_ns;
	struct timespec span = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
	struct itimerspec times = { .it_interval = span, .it_value = span };
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch->timer_fd < 0 || timerfd_settime(watch->timer_fd, 0, &times, NULL) < 0)
		return err_sys(err, "make a timer");
	return 0;
}

/* What happened before the end is told, too. */
static int follow(struct watch *watch, struct err *err)
{
	for (;;) {
		struct pollfd ready[] = {
			{ .fd = watch->pidfd, .events = POLLIN },
			{ .fd = watch->oom.fd, .events = POLLIN },
			{ .fd = watch->timer_fd, .events = POLLIN },
		};
		uint64_t ticks;
		if (poll(ready, ARRAY_LEN(ready), -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for events");
		if (tell_oom(watch, err) < 0)
			return -1;
		if (ready[0].revents != 0)
			return 0;
		if (read(watch->timer_fd, &ticks, sizeof(ticks)) > 0 && tell_usage(watch, err) < 0)
			return -1;
	}
}

static int observe(struct watch *watch, struct err *err)
{
	if (watch->options->once)
		return tell_usage(watch, err);
	if (cgroup_oom_watch(&watch->cgroup, &watch->oom, err) < 0 || start_timer(watch, err) < 0)
		return -1;
	return follow(watch, err);
}

int bundle_events(const struct bundle_home *home, const char *id,
		  const struct bundle_events_options *options, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	struct watch watch = {
		.options = options,
		.oom = { .fd = -1, .files_fd = -1 },
		.pidfd = -1,
		.timer_fd = -1,
	};
	if (record_open(home->state_path, id, false, &record, err) < 0)
		return -1;
	enum bundle_status status;
	AUTO_FD pidfd = -1;
	if (record_status(&record, NULL, &status, &pidfd, err) < 0)
		return -1;
	watch.pidfd = pidfd;
	if (status == BUNDLE_STOPPED || status == BUNDLE_CREATING)
		return err_set(err, ERR_CONFLICT, "container with id %s is not running", id);
	if (record_open_cgroup(&record, &watch.layout, &watch.cgroup, err) < 0)
		return -1;
	int result = observe(&watch, err);
	cgroup_oom_done(&watch.oom);
	fd_close(&watch.timer_fd);
	cgroup_done(&watch.cgroup);
	return result;
}
