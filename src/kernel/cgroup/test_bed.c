/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests on real cgroups share: making one, running children in it, leaving nothing. */
#include "kernel/cgroup/test_bed.h"

#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void bed_init(struct bed *bed)
{
	struct err err = { 0 };
	*bed = (struct bed){ 0 };
	if (cgroup_layout_detect(NULL, &bed->layout, &err) < 0)
		fail_msg("%s", err.text);
	if (geteuid() != 0 || bed->layout.mode == CGROUP_NONE) {
		print_message("SKIP: needs root and a writable cgroup tree\n");
		skip();
	}
	/* Orphans of killed children come to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(bed->path, sizeof(bed->path), "/onggi-test-%d/one", getpid());
}

static void keep(struct bed *bed, bool is_v2)
{
	for (size_t i = 0; i < bed->layout.len; i++) {
		if (bed->layout.hierarchies[i].is_v2 != is_v2)
			bed->layout.hierarchies[i].mount_path[0] = '\0';
	}
	cgroup_layout_finish(&bed->layout);
	if (bed->layout.len == 0) {
		print_message("SKIP: no cgroup v%d tree\n", is_v2 ? 2 : 1);
		skip();
	}
}

void bed_keep_v1(struct bed *bed)
{
	keep(bed, false);
}

void bed_keep_v2(struct bed *bed)
{
	keep(bed, true);
}

void bed_create(struct bed *bed, const struct cgroup_limits *limits)
{
	struct err err = { 0 };
	if (cgroup_create(&bed->layout, bed->path, limits, &bed->cgroup, &err) < 0)
		fail_msg("%s (%s)", err.text, err.hint);
}

static void check_nothing_left(const struct bed *bed)
{
	for (size_t i = 0; i < bed->layout.len; i++) {
		char path[2 * CGROUP_PATH_MAX];
		struct stat st;
		snprintf(path, sizeof(path), "%s%s", bed->layout.hierarchies[i].mount_path,
			 bed->path);
		assert_int_equal(stat(path, &st), -1);
		*strrchr(path, '/') = '\0';
		if (rmdir(path) < 0 && errno != ENOENT)
			fail_msg("rmdir %s: %s", path, strerror(errno));
	}
}

static void bed_done(struct bed *bed)
{
	struct err err = { 0 };
	if (bed->cgroup.layout == NULL && bed->layout.mode != CGROUP_NONE &&
	    cgroup_open(&bed->layout, bed->path, &bed->cgroup, &err) < 0)
		fail_msg("%s", err.text);
	if (cgroup_kill(&bed->cgroup, &err) < 0)
		fail_msg("%s", err.text);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (cgroup_remove(&bed->cgroup, 10000, &err) < 0)
		fail_msg("%s", err.text);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	cgroup_done(&bed->cgroup);
	check_nothing_left(bed);
}

int bed_tear_down(void **state)
{
	struct bed *bed = *state;
	if (bed->layout.mode != CGROUP_NONE)
		bed_done(bed);
	bed->layout.mode = CGROUP_NONE;
	return 0;
}

struct cgroup_value bed_value(int64_t value)
{
	return (struct cgroup_value){ true, value };
}

void bed_apply(const struct bed *bed, const struct cgroup_limits *limits)
{
	struct err err = { 0 };
	if (cgroup_apply(&bed->cgroup, limits, &err) < 0)
		fail_msg("%s (%s)", err.text, err.hint);
}

int bed_spawn(const struct bed *bed, int (*run)(void *arg), void *arg)
{
	struct err err = { 0 };
	struct process_clone clone = { .cgroup_fd = cgroup_clone_fd(&bed->cgroup) };
	pid_t pid = process_fork(&clone, &err);
	if (pid < 0)
		fail_msg("%s", err.text);
	if (pid == 0) {
		if (cgroup_join_self(&bed->cgroup, &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			_exit(100);
		}
		_exit(run(arg));
	}
	return clone.out_pidfd;
}

int bed_spawn_ready(const struct bed *bed, int (*run)(void *arg))
{
	int fds[2];
	char c;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	int pidfd = bed_spawn(bed, run, fds);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 1);
	close(fds[0]);
	return pidfd;
}

int bed_wait(int *pidfd)
{
	struct process_exit status;
	struct err err = { 0 };
	if (process_wait(*pidfd, &status, &err) < 0)
		fail_msg("%s", err.text);
	fd_close(pidfd);
	return process_exit_code(&status);
}

int bed_run(const struct bed *bed, int (*run)(void *arg), void *arg)
{
	int pidfd = bed_spawn(bed, run, arg);
	return bed_wait(&pidfd);
}

bool bed_file_is(const struct bed *bed, const char *controller, const char *file,
		 const char *wanted)
{
	char text[4096];
	int index = controller[0] != '\0' ? cgroup_layout_find_v1(&bed->layout, controller)
					  : cgroup_layout_find_v2(&bed->layout);
	if (index < 0 ||
	    cgroup_control_read(bed->cgroup.dir_fds[index], file, text, sizeof(text)) < 0)
		return false;
	if (strcmp(text, wanted) == 0)
		return true;
	print_message("%s is \"%s\", not \"%s\"\n", file, text, wanted);
	return false;
}
