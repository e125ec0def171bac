/* SPDX-License-Identifier: Apache-2.0 */
/* Processes in real cgroups: joining, counting, freezing, killing, and limits that bite. */
#include "kernel/cgroup/cgroup.h"

#include "base/warn.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/test_bed.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct bed bed;

/* A child that reports over a pipe that it runs, and stays. */
static int stay(void *arg)
{
	const int *ready_fd = arg;
	if (write(ready_fd[1], "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* Every line of /proc/self/cgroup that has a tree in our layout ends in the path. */
static int check_member(void *arg)
{
	const struct bed *b = arg;
	struct cgroup_layout now;
	if (cgroup_layout_detect(NULL, &now, NULL) < 0 || now.len < b->layout.len)
		return 1;
	for (size_t i = 0; i < b->layout.len; i++) {
		size_t len = strlen(now.hierarchies[i].self_path);
		size_t wanted_len = strlen(b->path);
		if (len < wanted_len ||
		    strcmp(now.hierarchies[i].self_path + len - wanted_len, b->path) != 0)
			return 2;
	}
	return 0;
}

static void clone_and_join_reach_every_tree(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	bed_create(&bed, &limits);
	assert_int_equal(cgroup_clone_fd(&bed.cgroup) >= 0,
			 cgroup_layout_find_v2(&bed.layout) >= 0);
	assert_int_equal(bed_run(&bed, check_member, &bed), 0);
}

static int join_in_user_namespace(void *arg)
{
	const struct bed *b = arg;
	struct err err = { 0 };
	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	return cgroup_join_self(&b->cgroup, &err) < 0 ? 3 : check_member(arg);
}

/* Until it changes its user id, a child in a new user namespace may still join: the kernel
 * compares user ids of the initial namespace. */
static void join_works_from_a_new_user_namespace(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	bed_create(&bed, &limits);
	struct process_clone clone = { .cgroup_fd = cgroup_clone_fd(&bed.cgroup) };
	pid_t pid = process_fork(&clone, &err);
	if (pid == 0)
		_exit(join_in_user_namespace(&bed));
	int status = bed_wait(&clone.out_pidfd);
	if (status == 77) {
		print_message("SKIP: no user namespaces\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static int join_all(void *arg)
{
	const struct bed *b = arg;
	struct err err = { 0 };
	return cgroup_join_pid(&b->cgroup, 0, &err) < 0 ? 3 : check_member(arg);
}

static void join_pid_reaches_every_tree(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	bed_create(&bed, &limits);
	pid_t pid = fork();
	if (pid == 0)
		_exit(join_all(&bed));
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void used_cgroup_is_a_conflict(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	struct cgroup second;
	struct err err = { 0 };
	bed_create(&bed, &limits);
	/* Empty: taken as it is, but thawed, and not ours to take back. */
	assert_int_equal(cgroup_freeze(&bed.cgroup, true, &err), 0);
	assert_int_equal(cgroup_create(&bed.layout, bed.path, &limits, &second, &err), 0);
	assert_false(second.is_made[0]);
	cgroup_done(&second);
	int pidfd = bed_spawn_ready(&bed, stay);
	assert_int_equal(cgroup_count(&bed.cgroup, &err), 1);
	assert_int_equal(cgroup_create(&bed.layout, bed.path, &limits, &second, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(cgroup_remove(&bed.cgroup, 20, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
	assert_int_equal(cgroup_count(&bed.cgroup, &err), 0);
}

/* The no-internal-process rule of v2 is explained, not just EBUSY. */
static void busy_parent_is_explained(void **state)
{
	(void)state;
	bed_init(&bed);
	bed_keep_v2(&bed);
	struct cgroup_limits limits = { 0 };
	struct cgroup below;
	struct err err = { 0 };
	char path[128], controllers[256], assignment[300];
	char *items[] = { assignment, NULL };
	int mount_fd = open(bed.layout.hierarchies[0].mount_path, O_PATH | O_CLOEXEC);
	long len = cgroup_control_read(mount_fd, "cgroup.controllers", controllers,
				       sizeof(controllers));
	close(mount_fd);
	if (len <= 0) {
		print_message("SKIP: v1 has all the controllers\n");
		bed.layout.mode = CGROUP_NONE;
		skip();
	}
	bed_create(&bed, &limits);
	int pidfd = bed_spawn_ready(&bed, stay);
	snprintf(path, sizeof(path), "%s/below", bed.path);
	controllers[strcspn(controllers, " ")] = '\0';
	snprintf(assignment, sizeof(assignment), "%s.max=1", controllers);
	limits.unified = (struct strv){ items, 1, 0 };
	assert_int_equal(cgroup_create(&bed.layout, path, &limits, &below, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, bed.path));
	assert_non_null(strstr(err.hint, "move the processes"));
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
}

static int eat_memory(void *arg)
{
	size_t size = *(size_t *)arg;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, size);
	return 0;
}

static void oom_kill_is_counted(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { .memory = { .limit_bytes = bed_value(16 * MIB),
						    .swap_bytes = bed_value(16 * MIB) },
					.pids_max = bed_value(5) };
	struct cgroup_stats stats;
	size_t little = 1 * MIB, much = 64 * MIB;
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	assert_int_equal(bed_run(&bed, eat_memory, &little), 0);
	cgroup_read_stats(&bed.cgroup, &stats);
	assert_int_equal(stats.oom_kills, 0);
	assert_int_equal(stats.memory_limit_bytes, 16 * MIB);
	assert_int_equal(stats.pids_limit, 5);
	assert_true(stats.cpu_ns > 0);
	assert_int_equal(bed_run(&bed, eat_memory, &much), 128 + SIGKILL);
	cgroup_read_stats(&bed.cgroup, &stats);
	assert_true(stats.oom_kills >= 1);
}

/* @return how many children could be forked */
static int fork_many(void *arg)
{
	(void)arg;
	int made = 0;
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();
		if (pid == 0)
			for (;;)
				pause();
		made += pid > 0;
	}
	return made;
}

static void pids_limit_holds(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { .pids_max = bed_value(8) };
	struct err err = { 0 };
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	assert_int_equal(bed_run(&bed, fork_many, NULL), 7);
	assert_int_equal(cgroup_count(&bed.cgroup, &err), 7);
}

struct device_check {
	unsigned minor; /* of c 1:x */
	int flags;
	bool may_mknod, may_open;
};

/* In a mount namespace of its own, on a tmpfs that knows devices. */
static int check_device(void *arg)
{
	const struct device_check *check = arg;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("dev", "/mnt", "tmpfs", 0, NULL) < 0)
		return 10;
	if (!check->may_mknod)
		return mknod("/mnt/d", S_IFCHR | 0666, makedev(1, check->minor)) < 0 &&
				       errno == EPERM
			       ? 0
			       : 11;
	if (mknod("/mnt/d", S_IFCHR | 0666, makedev(1, check->minor)) < 0)
		return 12;
	int fd = open("/mnt/d", check->flags | O_CLOEXEC);
	if (fd >= 0)
		return check->may_open ? 0 : 13;
	return check->may_open || errno != EPERM ? 14 : 0;
}

static void expect_device(unsigned minor, int flags, bool may_mknod, bool may_open)
{
	struct device_check check = { minor, flags, may_mknod, may_open };
	assert_int_equal(bed_run(&bed, check_device, &check), 0);
}

static long attached_programs(void)
{
	union bpf_attr attr = { 0 };
	attr.query.target_fd = (uint32_t)cgroup_clone_fd(&bed.cgroup);
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	return syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) < 0 ? -1 : attr.query.prog_cnt;
}

static void check_devices(void)
{
	struct err err = { 0 };
	struct cgroup_limits limits = { 0 };
	cgroup_limits_add_device(&limits, false, 'a', -1, -1, "rwm");
	cgroup_limits_add_device(&limits, true, 'c', -1, -1, "m");
	cgroup_limits_add_device(&limits, true, 'c', 1, 3, "rwm");
	cgroup_limits_add_device(&limits, true, 'c', 1, 5, "rm");
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	expect_device(3, O_RDWR, true, true);
	expect_device(5, O_RDONLY, true, true);
	expect_device(5, O_WRONLY, true, false);
	expect_device(9, O_RDONLY, true, false);

	/* An update replaces the rules whole: null is gone, mknod of others is gone. */
	cgroup_done(&bed.cgroup);
	assert_int_equal(cgroup_open(&bed.layout, bed.path, &bed.cgroup, &err), 0);
	cgroup_limits_done(&limits);
	cgroup_limits_add_device(&limits, false, 'a', -1, -1, "rwm");
	cgroup_limits_add_device(&limits, true, 'c', 1, 3, "m");
	cgroup_limits_add_device(&limits, true, 'c', 1, 5, "rwm");
	bed_apply(&bed, &limits);
	expect_device(3, O_RDONLY, true, false);
	expect_device(5, O_RDWR, true, true);
	expect_device(9, O_RDONLY, false, false);
	cgroup_limits_done(&limits);

	/* Everything but one. */
	cgroup_limits_add_device(&limits, true, 'a', -1, -1, "rwm");
	cgroup_limits_add_device(&limits, false, 'c', 1, 3, "w");
	bed_apply(&bed, &limits);
	expect_device(3, O_RDONLY, true, true);
	expect_device(3, O_WRONLY, true, false);
	expect_device(9, O_RDONLY, true, true);
	cgroup_limits_done(&limits);
}

static void devices_are_denied_and_allowed(void **state)
{
	(void)state;
	bed_init(&bed);
	check_devices();
}

/* The same with the BPF program, also where the machine has a devices controller of v1. */
static void devices_by_program(void **state)
{
	(void)state;
	bed_init(&bed);
	bed_keep_v2(&bed);
	check_devices();
	assert_int_equal(attached_programs(), 1);

	/* What v1 cannot say: a wide rule with an exception. */
	struct cgroup_limits limits = { 0 };
	cgroup_limits_add_device(&limits, true, 'c', 1, -1, "rwm");
	cgroup_limits_add_device(&limits, false, 'c', 1, 9, "r");
	bed_apply(&bed, &limits);
	expect_device(3, O_RDWR, true, true);
	expect_device(9, O_WRONLY, true, true);
	expect_device(9, O_RDONLY, true, false);
	assert_int_equal(attached_programs(), 1);
	cgroup_limits_done(&limits);

	/* Everything allowed needs no program. */
	cgroup_limits_add_device(&limits, true, 'a', -1, -1, "rwm");
	bed_apply(&bed, &limits);
	assert_int_equal(attached_programs(), 0);
	cgroup_limits_done(&limits);

	/* The longest list there may be still passes the verifier. */
	cgroup_limits_add_device(&limits, true, 'c', 1, 3, "rwm");
	for (int i = 1; i < 1024; i++)
		cgroup_limits_add_device(&limits, i % 3 == 0, "abc"[i % 3], i % 7, i,
					 i % 2 == 0 ? "rw" : "wm");
	bed_apply(&bed, &limits);
	assert_int_equal(attached_programs(), 1);
	cgroup_limits_done(&limits);
}

static int warnings;

static void count_warning(const char *text)
{
	(void)text;
	warnings++;
}

/* Root of a user namespace of its own may not set device rules: no failure, and no word. */
static int apply_in_user_namespace(void *arg)
{
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	(void)arg;
	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0 0 1", 5) != 5)
		return 78;
	warn_to(count_warning);
	cgroup_limits_add_device(&limits, true, 'c', 1, 3, "rw");
	if (cgroup_apply(&bed.cgroup, &limits, &err) < 0)
		return 1;
	return warnings == 0 ? 0 : 2;
}

static void devices_in_a_user_namespace_are_no_failure(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	bed_create(&bed, &limits);
	int status = bed_run(&bed, apply_in_user_namespace, NULL);
	if (status == 77) {
		print_message("SKIP: no user namespaces\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static int echo(void *arg)
{
	const int *fds = arg;
	char c;
	while (read(fds[0], &c, 1) == 1) {
		if (write(fds[1], &c, 1) != 1)
			return 1;
	}
	return 0;
}

static bool answers(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;
	return poll(&p, 1, timeout_ms) == 1 && read(fd, &c, 1) == 1;
}

static void check_freeze(void)
{
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	int to_child[2], from_child[2];
	bed_create(&bed, &limits);
	assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from_child, O_CLOEXEC), 0);
	int ends[2] = { to_child[0], from_child[1] };
	int pidfd = bed_spawn(&bed, echo, ends);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_true(answers(from_child[0], 10000));
	assert_int_equal(cgroup_freeze(&bed.cgroup, true, &err), 0);
	assert_int_equal(write(to_child[1], "x", 1), 1);
	assert_false(answers(from_child[0], 50));
	assert_int_equal(cgroup_freeze(&bed.cgroup, false, &err), 0);
	assert_true(answers(from_child[0], 10000));
	/* Killing a frozen cgroup works, and leaves it thawed. */
	assert_int_equal(cgroup_freeze(&bed.cgroup, true, &err), 0);
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
	for (int i = 0; i < 2; i++) {
		close(to_child[i]);
		close(from_child[i]);
	}
}

static void freeze_stops_and_thaw_continues(void **state)
{
	(void)state;
	bed_init(&bed);
	check_freeze();
}

static void freeze_works_on_v2_alone(void **state)
{
	(void)state;
	bed_init(&bed);
	bed_keep_v2(&bed);
	check_freeze();
}

/* Twenty children that keep forking; the limit protects the machine. */
static int fork_for_ever(void *arg)
{
	const int *ready_fd = arg;
	bool is_child = false;
	for (int i = 0; i < 20 && !is_child; i++)
		is_child = fork() == 0;
	if (!is_child && write(ready_fd[1], "r", 1) != 1)
		return 1;
	for (;;) {
		pid_t pid = fork();
		if (pid == 0)
			continue; /* the child goes on, the parent ends */
		if (pid > 0 && is_child)
			_exit(0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sched_yield();
	}
}

static void check_kill(void)
{
	struct cgroup_limits limits = { .pids_max = bed_value(60) };
	struct err err = { 0 };
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	int pidfd = bed_spawn_ready(&bed, fork_for_ever);
	assert_true(cgroup_count(&bed.cgroup, &err) > 1);
	if (cgroup_kill(&bed.cgroup, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
	/* Nobody was missed: the cgroup empties without a second kill. */
	if (cgroup_remove(&bed.cgroup, 10000, &err) < 0)
		fail_msg("%s", err.text);
}

static void kill_ends_forking_processes(void **state)
{
	(void)state;
	bed_init(&bed);
	check_kill();
}

static void kill_by_freezer_on_v1_alone(void **state)
{
	(void)state;
	bed_init(&bed);
	bed_keep_v1(&bed);
	check_kill();
}

/* Joined to the v1 trees only, as by an engine that knows no v2: cgroup.kill misses it. */
static void kill_reaches_who_is_not_in_the_v2_tree(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	bed_create(&bed, &limits);
	struct bed v1 = bed;
	bed_keep_v1(&v1);
	v1.cgroup.layout = &v1.layout;
	assert_int_equal(cgroup_open(&v1.layout, v1.path, &v1.cgroup, &err), 0);
	int pidfd = bed_spawn_ready(&v1, stay);
	cgroup_done(&v1.cgroup);
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
}

/* Processes in a cgroup below count, freeze and die with it. */
static void processes_below_belong_to_it(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	struct bed below = bed;
	snprintf(below.path, sizeof(below.path), "/onggi-test-%d/one/below", getpid());
	bed_create(&bed, &limits);
	bed_create(&below, &limits);
	int pidfd = bed_spawn_ready(&below, stay);
	cgroup_done(&below.cgroup);
	assert_int_equal(cgroup_count(&bed.cgroup, &err), 1);
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	assert_int_equal(bed_wait(&pidfd), 128 + SIGKILL);
	assert_int_equal(cgroup_remove(&bed.cgroup, 10000, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(clone_and_join_reach_every_tree),
		BED_TEST(join_works_from_a_new_user_namespace),
		BED_TEST(join_pid_reaches_every_tree),
		BED_TEST(used_cgroup_is_a_conflict),
		BED_TEST(busy_parent_is_explained),
		BED_TEST(oom_kill_is_counted),
		BED_TEST(pids_limit_holds),
		BED_TEST(devices_are_denied_and_allowed),
		BED_TEST(devices_by_program),
		BED_TEST(devices_in_a_user_namespace_are_no_failure),
		BED_TEST(freeze_stops_and_thaw_continues),
		BED_TEST(freeze_works_on_v2_alone),
		BED_TEST(kill_ends_forking_processes),
		BED_TEST(kill_by_freezer_on_v1_alone),
		BED_TEST(kill_reaches_who_is_not_in_the_v2_tree),
		BED_TEST(processes_below_belong_to_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
