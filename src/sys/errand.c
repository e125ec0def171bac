/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that are trusted, but not to be well-behaved: what they read and write is a memory file,
 * and they have our patience only as long as their time says. Knows nothing of what they do.
 * Kernel: 5.4 (waitid P_PIDFD).
 */
#include "sys/errand.h"

#include "base/clock.h"
#include "sys/fd.h"
#include "sys/interrupt.h"
#include "sys/process.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_MAX 512 /* of what a failed one wrote: its last words */

static int open_memory(const char *text, struct err *err)
{
	AUTO_FD fd = memfd_create("errand", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "make a memory file");
	return fd_take(&fd);
}

/* @return 1 it has ended, 0 its time is over, -1 */
static int await_end(int pidfd, unsigned timeout_s, struct err *err)
{
	uint64_t end_ns = clock_monotonic_ns() + timeout_s * UINT64_C(1000000000);
	for (;;) {
		struct err why = { 0 };
		uint64_t now_ns = clock_monotonic_ns();
		int timeout_ms = -1;
		if (timeout_s > 0 && now_ns >= end_ns)
			return 0;
		if (timeout_s > 0 && end_ns - now_ns < UINT64_C(1000000) * INT32_MAX)
			timeout_ms = (int)((end_ns - now_ns) / 1000000 + 1);
		int n = interrupt_wait(pidfd, timeout_ms, &why);
		if (n > 0)
			return 1;
		if (n < 0) {
			if (err != NULL)
				*err = why;
			return -1;
		}
	}
}

/* Its children may have left the group: those are nobody's. */
static void end_group(const struct process_child *child)
{
	kill(-child->pid, SIGKILL);
	process_signal(child->pidfd, SIGKILL, NULL);
}

static int report_failure(const struct process_exit *how, int said_fd, struct err *err)
{
	char said[SAID_MAX + 1];
	off_t size = lseek(said_fd, 0, SEEK_END);
	off_t from = size > SAID_MAX ? size - SAID_MAX : 0;
	ssize_t n = pread(said_fd, said, SAID_MAX, from);
	while (n > 0 && said[n - 1] == '\n')
		n--;
	said[n > 0 ? n : 0] = '\0';
	const char *colon = said[0] != '\0' ? ": " : "";
	if (!how->is_signaled)
		return err_set(err, ERR_REMOTE, "exit status %d%s%s", how->status, colon, said);
	const char *name = sigdescr_np(how->status);
	return err_set(err, ERR_REMOTE, "signal: %c%s%s%s", name != NULL ? tolower(name[0]) : '?',
		       name != NULL ? name + 1 : "", colon, said);
}

int errand_run(const struct errand *errand, struct err *err)
{
	AUTO_FD input_fd = open_memory(errand->input != NULL ? errand->input : "", err);
	AUTO_FD said_fd = open_memory("", err);
	if (input_fd < 0 || said_fd < 0)
		return -1;
	const int fds[] = {
		input_fd,
		errand->output_fd > 0 ? errand->output_fd : said_fd,
		errand->error_fd > 0 ? errand->error_fd : said_fd,
	};
	const struct process_program program = {
		.path = errand->path,
		.argv = errand->argv,
		.envp = errand->envp,
		.fds = fds,
		.fds_len = ARRAY_LEN(fds),
		.is_led = true,
	};
	struct process_child child;
	if (process_spawn_program(&program, &child, err) < 0)
		return -1;
	AUTO_FD pidfd = child.pidfd;
	struct process_exit how = { 0 };
	int ended = await_end(pidfd, errand->timeout_s, err);
	if (ended <= 0)
		end_group(&child);
	if (process_wait(pidfd, &how, ended < 0 ? NULL : err) < 0 || ended < 0)
		return -1;
	if (ended == 0)
		return err_set(err, ERR_REMOTE, "not done after %u s", errand->timeout_s);
	return process_exit_code(&how) == 0 ? 0 : report_failure(&how, said_fd, err);
}
