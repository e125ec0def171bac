/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/process_mark.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIELD_STATE 3
#define FIELD_START 22

/* The second field, the name, may hold anything: what follows its last bracket does not. */
static const char *find_field(const char *stat, int number)
{
	const char *at = strrchr(stat, ')');
	for (int field = 2; at != NULL && field < number; field++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	return at;
}

int process_mark_take(pid_t pid, struct process_mark *out, struct err *err)
{
	char path[32], stat[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	if (n < 0 && errno != ENOENT && errno != ESRCH)
		return err_sys(err, "read %s", path);
	if (n <= 0)
		return err_set(err, ERR_NOT_FOUND, "process %d does not exist", (int)pid);
	stat[n] = '\0';
	const char *state = find_field(stat, FIELD_STATE), *start = find_field(stat, FIELD_START);
	if (start == NULL)
		return err_set(err, ERR_SYSTEM, "%s: not the format expected", path);
	if (*state == 'Z' || *state == 'X')
		return err_set(err, ERR_NOT_FOUND, "process %d has ended", (int)pid);
	*out = (struct process_mark){ .pid = pid, .start_ticks = strtoull(start, NULL, 10) };
	return 0;
}

int process_mark_open(const struct process_mark *mark, int *out_pidfd, struct err *err)
{
	struct process_mark now;
	struct err why = { 0 };
	if (mark->pid <= 0)
		return 0;
	AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, mark->pid, 0);
	/* EINVAL: a thread has the number now. */
	if (pidfd < 0 && (errno == ESRCH || errno == EINVAL))
		return 0;
	if (pidfd < 0)
		return err_call(err, "pidfd_open", "open process %d", (int)mark->pid);
	/* Looked at after it was opened: what is true of the number now is true of the pidfd. */
	if (process_mark_take(mark->pid, &now, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (now.start_ticks != mark->start_ticks)
		return 0;
	*out_pidfd = fd_take(&pidfd);
	return 1;
}
