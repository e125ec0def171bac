/* SPDX-License-Identifier: Apache-2.0 */

/*
 * flock(2) on lock files, with a bounded wait.
 *
 * The wait is a poll with a growing pause: a blocking flock can only be bounded by a signal, which
 * is state of the whole process, or by a thread. Locks are held for microseconds, so the first
 * pauses of a millisecond nearly always do. The holder is looked up in /proc/locks when the time
 * is over, and only then: writing one's pid into the file would cost every lock two system calls
 * and could lie after a crash.
 */
#include "sys/lock.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_FIRST_MS 1
#define PAUSE_MAX_MS   50

#define PROC_LOCKS_MAX_BYTES (4u << 20)

/* By number: glibc declares flock in <sys/file.h>, a name that our own sys/file.h takes first. */
static int file_lock(int fd, int operation)
{
	return (int)syscall(SYS_flock, fd, operation);
}

int lock_try(int dir_fd, const char *name, enum lock_mode mode, int *out_fd, struct err *err)
{
	int operation = (mode == LOCK_SHARED ? LOCK_SH : LOCK_EX) | LOCK_NB;
	for (;;) {
		AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				    0600);
		if (fd < 0)
			return err_sys(err, "open lock file %s", name);
		int rc;
		do {
			rc = file_lock(fd, operation);
		} while (rc < 0 && errno == EINTR);
		if (rc < 0 && errno == EWOULDBLOCK)
			return 0;
		struct stat st;
		if (rc < 0 || fstat(fd, &st) < 0)
			return err_sys(err, "lock %s", name);
		/* Its last holder removed the file before letting go: that lock is nobody's. */
		if (st.st_nlink == 0)
			continue;
		*out_fd = fd_take(&fd);
		return 1;
	}
}

/* A line is "1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF"; waiters have "->" after the id. */
static pid_t holder_in_line(const char *line, const struct stat *st)
{
	int pid;
	unsigned major, minor;
	uint64_t inode;
	if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%" SCNu64, &pid, &major, &minor, &inode) != 4)
		return 0;
	/* btrfs shows another device here than stat does: there the inode has to do. */
	bool is_device = makedev(major, minor) == st->st_dev || major(st->st_dev) == 0;
	return inode == st->st_ino && is_device ? pid : 0;
}

static pid_t lock_holder(int dir_fd, const char *name)
{
	struct stat st;
	AUTO(struct buf, buf_done) locks = { 0 };
	AUTO_FD fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fd_read_all(fd, PROC_LOCKS_MAX_BYTES, "/proc/locks", &locks, NULL) < 0)
		return 0;
	for (const char *line = buf_str(&locks); *line != '\0';) {
		pid_t pid = holder_in_line(line, &st);
		if (pid > 0)
			return pid;
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	return 0;
}

static int report_holder(int dir_fd, const char *name, unsigned timeout_ms, struct err *err)
{
	pid_t pid = lock_holder(dir_fd, name);
	if (pid <= 0)
		return err_set(err, ERR_CONFLICT, "lock %s: held by another process for %u ms",
			       name, timeout_ms);
	char path[64];
	AUTO(struct buf, buf_done) command = { 0 };
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (file_read(AT_FDCWD, path, 64, &command, NULL) < 0)
		buf_add_str(&command, "ended, its lock inherited");
	command.data[strcspn(command.data, "\n")] = '\0';
	return err_set(err, ERR_CONFLICT, "lock %s: held by pid %d (%s) for %u ms", name, (int)pid,
		       buf_str(&command), timeout_ms);
}

int lock_take(int dir_fd, const char *name, enum lock_mode mode, unsigned timeout_ms,
	      struct err *err)
{
	uint64_t end_ns = 0;
	long pause_ms = PAUSE_FIRST_MS;
	for (;;) {
		int fd = -1;
		int rc = lock_try(dir_fd, name, mode, &fd, err);
		if (rc != 0)
			return rc > 0 ? fd : -1;
		uint64_t now_ns = clock_monotonic_ns();
		if (end_ns == 0)
			end_ns = now_ns + (uint64_t)timeout_ms * 1000000u;
		if (now_ns >= end_ns)
			return report_holder(dir_fd, name, timeout_ms, err);
		struct timespec pause = { .tv_nsec = pause_ms * 1000000 };
		nanosleep(&pause, NULL);
		pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
	}
}
