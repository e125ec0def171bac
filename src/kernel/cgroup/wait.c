/* SPDX-License-Identifier: Apache-2.0 */
/*
 * v1 has no event for "frozen" or "empty", so there it is a look every 0.1 to 8 ms. In the v2
 * tree cgroup.events is polled; its events come with the change itself, but in a hybrid layout a
 * v1 tree may follow a moment later, hence the same upper bound for each round.
 */
#include "kernel/cgroup/wait.h"

#include "base/clock.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST_NS 100000ull
#define PAUSE_MAX_NS   8000000ull

void cgroup_wait_init(struct cgroup_wait *wait, unsigned timeout_ms, int v2_dir_fd)
{
	wait->deadline_ns = clock_monotonic_ns() + timeout_ms * 1000000ull;
	wait->pause_ns = PAUSE_FIRST_NS;
	wait->events_fd = v2_dir_fd >= 0 ? openat(v2_dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC)
					 : -1;
}

void cgroup_wait_done(struct cgroup_wait *wait)
{
	fd_close(&wait->events_fd);
}

bool cgroup_wait_more(struct cgroup_wait *wait)
{
	uint64_t now_ns = clock_monotonic_ns();
	if (now_ns >= wait->deadline_ns)
		return false;
	uint64_t pause_ns = wait->events_fd >= 0 ? PAUSE_MAX_NS : wait->pause_ns;
	if (pause_ns > wait->deadline_ns - now_ns)
		pause_ns = wait->deadline_ns - now_ns;
	struct timespec timeout = { 0, (long)pause_ns };
	struct pollfd events = { .fd = wait->events_fd, .events = POLLPRI };
	char text[256];
	if (ppoll(&events, 1, &timeout, NULL) > 0) {
		/* Reading arms the next event. A removed cgroup reports for ever: leave it. */
		if (pread(wait->events_fd, text, sizeof(text), 0) < 0)
			fd_close(&wait->events_fd);
	}
	if (wait->pause_ns < PAUSE_MAX_NS)
		wait->pause_ns *= 2;
	return true;
}
