/* SPDX-License-Identifier: Apache-2.0 */
/* Making, limiting and removing cgroups on the machine's own trees, whichever layout they have. */
#include "kernel/cgroup/cgroup.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/test_bed.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct bed bed;

/* As an update does it: opened anew, so that nothing is known of what is there. */
static void reopen(void)
{
	struct err err = { 0 };
	cgroup_done(&bed.cgroup);
	assert_int_equal(cgroup_open(&bed.layout, bed.path, &bed.cgroup, &err), 0);
}

static bool has_v1(const char *controller)
{
	return cgroup_layout_find_v1(&bed.layout, controller) >= 0;
}

static void cpu_is(const char *shares, const char *weight, const char *quota, const char *period,
		   const char *max)
{
	if (has_v1("cpu")) {
		assert_true(bed_file_is(&bed, "cpu", "cpu.shares", shares));
		assert_true(bed_file_is(&bed, "cpu", "cpu.cfs_quota_us", quota));
		assert_true(bed_file_is(&bed, "cpu", "cpu.cfs_period_us", period));
	} else {
		assert_true(bed_file_is(&bed, "", "cpu.weight", weight));
		assert_true(bed_file_is(&bed, "", "cpu.max", max));
	}
}

static void cpu_limits_are_written_and_updated(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { .cpu = { .shares = bed_value(2048),
						 .quota_us = bed_value(50000),
						 .period_us = bed_value(100000),
						 .burst_us = bed_value(20000) } };
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	cpu_is("2048", "79", "50000", "100000", "50000 100000");
	reopen();
	/* Quota below the old burst; then a period alone, which keeps the quota. */
	limits.cpu.shares.is_set = false;
	limits.cpu.quota_us = bed_value(10000);
	limits.cpu.burst_us = bed_value(5000);
	bed_apply(&bed, &limits);
	cpu_is("2048", "79", "10000", "100000", "10000 100000");
	struct cgroup_limits period = { .cpu = { .period_us = bed_value(20000) } };
	bed_apply(&bed, &period);
	cpu_is("2048", "79", "10000", "20000", "10000 20000");
	struct cgroup_limits unlimited = { .cpu = { .quota_us = bed_value(-1) } };
	bed_apply(&bed, &unlimited);
	cpu_is("2048", "79", "-1", "20000", "max 20000");
	/* An idle group takes no shares: both at once work in either direction. */
	struct cgroup_limits idle = { .cpu = { .idle = bed_value(1), .shares = bed_value(512) } };
	bed_apply(&bed, &idle);
	idle.cpu.idle.value = 0;
	idle.cpu.shares.value = 1024;
	bed_apply(&bed, &idle);
	cpu_is("1024", "39", "-1", "20000", "max 20000");
}

static void memory_is(const char *limit, const char *memsw, const char *max, const char *swap_max)
{
	if (has_v1("memory")) {
		assert_true(bed_file_is(&bed, "memory", "memory.limit_in_bytes", limit));
		assert_true(bed_file_is(&bed, "memory", "memory.memsw.limit_in_bytes", memsw));
	} else {
		assert_true(bed_file_is(&bed, "", "memory.max", max));
		assert_true(bed_file_is(&bed, "", "memory.swap.max", swap_max));
	}
}

static void memory_limits_go_up_and_down(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { .memory = { .limit_bytes = bed_value(64 * MIB),
						    .reservation_bytes = bed_value(32 * MIB),
						    .swap_bytes = bed_value(128 * MIB) } };
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	memory_is("67108864", "134217728", "67108864", "67108864");
	assert_true(has_v1("memory")
			    ? bed_file_is(&bed, "memory", "memory.soft_limit_in_bytes", "33554432")
			    : bed_file_is(&bed, "", "memory.low", "33554432"));
	reopen();
	limits.memory.limit_bytes = bed_value(256 * MIB); /* above the old memsw */
	limits.memory.swap_bytes = bed_value(256 * MIB);
	bed_apply(&bed, &limits);
	memory_is("268435456", "268435456", "268435456", "0");
	limits.memory.limit_bytes = bed_value(32 * MIB); /* memsw below the old limit */
	limits.memory.swap_bytes = bed_value(48 * MIB);
	bed_apply(&bed, &limits);
	memory_is("33554432", "50331648", "33554432", "16777216");
	struct cgroup_limits unlimited = { .memory = { .limit_bytes = bed_value(-1) } };
	bed_apply(&bed, &unlimited);
	memory_is("9223372036854771712", "9223372036854771712", "max", "max");
	struct err err = { 0 };
	struct cgroup_limits swap = { .memory = { .swap_bytes = bed_value(48 * MIB) } };
	assert_int_equal(cgroup_apply(&bed.cgroup, &swap, &err), -1);
	assert_string_not_equal(err.text, "");
}

static void what_only_v1_has_is_refused_on_v2(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { .memory = { .swappiness = bed_value(10) } };
	struct cgroup_limits tcp = { .memory = { .kernel_tcp_bytes = bed_value(8 * MIB) } };
	struct cgroup_limits oom = { .memory = { .oom_kill_disabled = true } };
	bed_create(&bed, &limits);
	if (has_v1("memory")) {
		bed_apply(&bed, &limits);
		bed_apply(&bed, &oom);
		assert_true(bed_file_is(&bed, "memory", "memory.swappiness", "10"));
		return;
	}
	struct err err = { 0 };
	const struct cgroup_limits *const all[] = { &limits, &tcp, &oom };
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		assert_int_equal(cgroup_apply(&bed.cgroup, all[i], &err), -1);
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
}

static void cpuset_is_inherited_and_limited(void **state)
{
	(void)state;
	bed_init(&bed);
	char cpus[] = "0", mems[] = "0";
	struct cgroup_limits limits = { .cpu = { .cpus = cpus, .mems = mems } };
	bed_create(&bed, &limits);
	if (has_v1("cpuset")) {
		int fd = bed.cgroup.dir_fds[cgroup_layout_find_v1(&bed.layout, "cpuset")];
		char text[256];
		assert_true(cgroup_control_read(fd, "cpuset.cpus", text, sizeof(text)) > 0);
		assert_true(cgroup_control_read(fd, "cpuset.mems", text, sizeof(text)) > 0);
	}
	bed_apply(&bed, &limits);
	const char *controller = has_v1("cpuset") ? "cpuset" : "";
	assert_true(bed_file_is(&bed, controller, "cpuset.cpus", "0"));
	assert_true(bed_file_is(&bed, controller, "cpuset.mems", "0"));
}

static void pids_and_hugetlb_are_written(void **state)
{
	(void)state;
	bed_init(&bed);
	char size[] = "2MB", bad_size[] = "../2MB";
	struct cgroup_hugetlb pages = { size, 4 * MIB };
	struct cgroup_limits limits = { .pids_max = bed_value(77),
					.hugetlb = &pages,
					.hugetlb_len = 1 };
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	const char *controller = has_v1("pids") ? "pids" : "";
	assert_true(bed_file_is(&bed, controller, "pids.max", "77"));
	if (has_v1("hugetlb"))
		assert_true(bed_file_is(&bed, "hugetlb", "hugetlb.2MB.limit_in_bytes", "4194304"));
	else
		assert_true(bed_file_is(&bed, "", "hugetlb.2MB.max", "4194304"));
	reopen();
	struct cgroup_limits unlimited = { .pids_max = bed_value(0) };
	bed_apply(&bed, &unlimited);
	assert_true(bed_file_is(&bed, controller, "pids.max", "max"));
	struct err err = { 0 };
	pages.page_size = bad_size;
	assert_int_equal(cgroup_apply(&bed.cgroup, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

/* Any whole disk will do. */
static bool find_disk(unsigned *major, unsigned *minor)
{
	static const char *const names[] = { "vda", "sda", "nvme0n1" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[64], text[32];
		snprintf(path, sizeof(path), "/sys/block/%s/dev", names[i]);
		if (cgroup_control_read(AT_FDCWD, path, text, sizeof(text)) > 0)
			return sscanf(text, "%u:%u", major, minor) == 2;
	}
	return false;
}

static void throttles_are_written(void **state)
{
	(void)state;
	bed_init(&bed);
	unsigned major = 0, minor = 0;
	if (!find_disk(&major, &minor)) {
		print_message("SKIP: no disk to throttle\n");
		bed.layout.mode = CGROUP_NONE;
		skip();
	}
	struct cgroup_throttle bps = { major, minor, 1000000 };
	struct cgroup_throttle iops = { major, minor, 250 };
	struct cgroup_limits limits = { .io = { .read_bps = { &bps, 1 },
						.write_iops = { &iops, 1 } } };
	char wanted[128];
	bed_create(&bed, &limits);
	bed_apply(&bed, &limits);
	if (has_v1("blkio")) {
		snprintf(wanted, sizeof(wanted), "%u:%u 1000000", major, minor);
		assert_true(bed_file_is(&bed, "blkio", "blkio.throttle.read_bps_device", wanted));
		snprintf(wanted, sizeof(wanted), "%u:%u 250", major, minor);
		assert_true(bed_file_is(&bed, "blkio", "blkio.throttle.write_iops_device", wanted));
	} else {
		snprintf(wanted, sizeof(wanted), "%u:%u rbps=1000000 wbps=max riops=max wiops=250",
			 major, minor);
		assert_true(bed_file_is(&bed, "", "io.max", wanted));
	}
	bps.value = iops.value = 0;
	bed_apply(&bed, &limits);
	assert_true(has_v1("blkio")
			    ? bed_file_is(&bed, "blkio", "blkio.throttle.read_bps_device", "")
			    : bed_file_is(&bed, "", "io.max", ""));
}

static void unified_keys_work_on_v2_alone(void **state)
{
	(void)state;
	bed_init(&bed);
	char assignment[] = "memory.high=1073741824";
	char *items[] = { assignment, NULL };
	struct cgroup_limits limits = { .unified = { items, 1, 0 } };
	struct err err = { 0 };
	if (bed.layout.mode == CGROUP_V2) {
		bed_create(&bed, &limits);
		bed_apply(&bed, &limits);
		assert_true(bed_file_is(&bed, "", "memory.high", "1073741824"));
		return;
	}
	if (cgroup_create(&bed.layout, bed.path, &limits, &bed.cgroup, &err) == 0)
		assert_int_equal(cgroup_apply(&bed.cgroup, &limits, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

/* A failed create leaves nothing, and says controller and kernel option. */
static void failed_create_takes_everything_back(void **state)
{
	(void)state;
	bed_init(&bed);
	char assignment[] = "nosuch.max=1";
	char *items[] = { assignment, NULL };
	struct cgroup_limits limits = { .unified = { items, 1, 0 } };
	struct err err = { 0 };
	if (cgroup_layout_find_v2(&bed.layout) < 0)
		return;
	assert_int_equal(cgroup_create(&bed.layout, bed.path, &limits, &bed.cgroup, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "nosuch"));
	assert_null(bed.cgroup.layout);
	for (size_t i = 0; i < bed.layout.len; i++) {
		char path[2 * CGROUP_PATH_MAX];
		struct stat st;
		snprintf(path, sizeof(path), "%s%s", bed.layout.hierarchies[i].mount_path,
			 bed.path);
		*strrchr(path, '/') = '\0';
		assert_int_equal(stat(path, &st), -1);
	}
}

static void remove_takes_what_the_container_made(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	bed_create(&bed, &limits);
	for (size_t i = 0; i < bed.layout.len; i++) {
		int fd = bed.cgroup.dir_fds[i];
		assert_int_equal(mkdirat(fd, "a", 0755), 0);
		assert_int_equal(mkdirat(fd, "a/b", 0755), 0);
		assert_int_equal(mkdirat(fd, "a/b/c", 0755), 0);
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
	}
	struct err err = { 0 };
	assert_int_equal(cgroup_remove(&bed.cgroup, 1000, &err), 0);
	assert_int_equal(cgroup_remove(&bed.cgroup, 1000, &err), 0); /* again: already gone */
	assert_int_equal(cgroup_kill(&bed.cgroup, &err), 0);
	struct cgroup_stats stats;
	cgroup_read_stats(&bed.cgroup, &stats);
	assert_int_equal(stats.memory_bytes, 0);
}

static void view_names_each_tree(void **state)
{
	(void)state;
	bed_init(&bed);
	struct cgroup_limits limits = { 0 };
	struct cgroup_view_mount mounts[CGROUP_HIERARCHIES_MAX];
	bed_create(&bed, &limits);
	size_t len = cgroup_view(&bed.cgroup, mounts);
	assert_int_equal(len, bed.layout.len);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(faccessat(mounts[i].dir_fd, "cgroup.procs", F_OK, 0), 0);
		assert_int_equal(mounts[i].name[0] == '\0', bed.layout.mode == CGROUP_V2);
		assert_int_equal(fcntl(mounts[i].dir_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
}

static uid_t owner_of(int dir_fd, const char *file)
{
	struct stat st;
	assert_int_equal(fstatat(dir_fd, file, &st, 0), 0);
	return st.st_uid;
}

static void given_is_what_may_be_divided(void **state)
{
	(void)state;
	bed_init(&bed);
	bed_keep_v2(&bed);
	struct cgroup_limits limits = { 0 };
	struct err err = { 0 };
	bed_create(&bed, &limits);
	int dir_fd = bed.cgroup.dir_fds[0];
	assert_int_equal(cgroup_give(&bed.cgroup, 4321, &err), 0);
	assert_int_equal(owner_of(dir_fd, "."), 4321);
	assert_int_equal(owner_of(dir_fd, "cgroup.procs"), 4321);
	assert_int_equal(owner_of(dir_fd, "cgroup.threads"), 4321);
	assert_int_equal(owner_of(dir_fd, "cgroup.subtree_control"), 4321);
	assert_int_equal(owner_of(dir_fd, "cgroup.max.depth"), 0);
	assert_int_equal(owner_of(dir_fd, "cgroup.freeze"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BED_TEST(cpu_limits_are_written_and_updated),
		BED_TEST(memory_limits_go_up_and_down),
		BED_TEST(what_only_v1_has_is_refused_on_v2),
		BED_TEST(cpuset_is_inherited_and_limited),
		BED_TEST(pids_and_hugetlb_are_written),
		BED_TEST(throttles_are_written),
		BED_TEST(unified_keys_work_on_v2_alone),
		BED_TEST(failed_create_takes_everything_back),
		BED_TEST(remove_takes_what_the_container_made),
		BED_TEST(view_names_each_tree),
		BED_TEST(given_is_what_may_be_divided),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
