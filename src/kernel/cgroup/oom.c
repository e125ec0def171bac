/* SPDX-License-Identifier: Apache-2.0 */
/*
 * v1 tells by an eventfd that cgroup.event_control ties to memory.oom_control; v2 by a change of
 * memory.events. Source: cgroup-v1/memory.rst "OOM Control"; cgroup-v2.rst "memory.events"
 */
#include "kernel/cgroup/oom.h"

#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

static int watch_v1(int dir_fd, struct cgroup_oom *oom, struct err *err)
{
	char text[2 * CGROUP_NUMBER_SIZE];
	struct cgroup_control control = { .dir_fd = dir_fd };
	AUTO_FD file_fd = openat(dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	oom->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (file_fd < 0 || oom->fd < 0)
		return err_sys(err, "open memory.oom_control");
	snprintf(text, sizeof(text), "%d %d", oom->fd, file_fd);
	if (cgroup_control_put(&control, "cgroup.event_control", text) < 0)
		return err_sys(err, "write \"%s\" to cgroup.event_control", text);
	return 0;
}

static int watch_v2(int dir_fd, struct cgroup_oom *oom, struct err *err)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/memory.events", fd_proc_path(dir_fd).text);
	oom->is_v2 = true;
	oom->kills = cgroup_control_read_key(dir_fd, "memory.events", "oom_kill");
	oom->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (oom->fd < 0 || inotify_add_watch(oom->fd, path, IN_MODIFY) < 0)
		return err_sys(err, "watch memory.events");
	return 0;
}

int cgroup_oom_watch(const struct cgroup *cgroup, struct cgroup_oom *out, struct err *err)
{
	AUTO(struct cgroup_oom, cgroup_oom_done) oom = { .fd = -1, .files_fd = -1 };
	int v1 = cgroup_layout_find_v1(cgroup->layout, "memory");
	int index = v1 >= 0 ? v1 : cgroup_layout_find_v2(cgroup->layout);
	int dir_fd = index >= 0 ? cgroup->dir_fds[index] : -1;
	const char *file = v1 >= 0 ? "memory.oom_control" : "memory.events";
	if (dir_fd >= 0 && faccessat(dir_fd, file, F_OK, 0) == 0) {
		oom.files_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
		if (oom.files_fd < 0)
			return err_sys(err, "duplicate a descriptor");
		if ((v1 >= 0 ? watch_v1 : watch_v2)(dir_fd, &oom, err) < 0)
			return -1;
	}
	*out = oom;
	oom = (struct cgroup_oom){ .fd = -1, .files_fd = -1 };
	return 0;
}

unsigned cgroup_oom_take(struct cgroup_oom *oom)
{
	union {
		uint64_t count;
		char events[sizeof(struct inotify_event) + NAME_MAX + 1];
	} got = { 0 };
	if (oom->fd < 0 || read(oom->fd, &got, oom->is_v2 ? sizeof(got.events) : 8) <= 0)
		return 0;
	/* The end of a v1 cgroup is an event, too. */
	if (!oom->is_v2)
		return faccessat(oom->files_fd, "memory.oom_control", F_OK, 0) == 0
			       ? (unsigned)got.count
			       : 0;
	uint64_t now = cgroup_control_read_key(oom->files_fd, "memory.events", "oom_kill");
	uint64_t more = now > oom->kills ? now - oom->kills : 0;
	oom->kills = now;
	return (unsigned)more;
}

void cgroup_oom_done(struct cgroup_oom *oom)
{
	fd_close(&oom->fd);
	fd_close(&oom->files_fd);
}
