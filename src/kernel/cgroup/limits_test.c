/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between OCI's terms and v2's, unified keys, and which kinds a set of limits needs. */
#include "kernel/cgroup/control/controller.h"
#include "kernel/cgroup/v2/v2.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void shares_become_weight(void **state)
{
	(void)state;
	assert_int_equal(cgroup_v2_weight_of_shares(2), 1);
	assert_int_equal(cgroup_v2_weight_of_shares(1024), 39);
	assert_int_equal(cgroup_v2_weight_of_shares(262144), 10000);
	assert_int_equal(cgroup_v2_weight_of_shares(1), 1);
	assert_int_equal(cgroup_v2_weight_of_shares(INT64_MAX), 10000);
	for (int64_t s = 3; s < 262144; s += 97)
		assert_true(cgroup_v2_weight_of_shares(s) >= cgroup_v2_weight_of_shares(s - 1));
}

static void blkio_weight_becomes_io_weight(void **state)
{
	(void)state;
	assert_int_equal(cgroup_v2_weight_of_blkio(10), 1);
	assert_int_equal(cgroup_v2_weight_of_blkio(1000), 10000);
	assert_int_equal(cgroup_v2_weight_of_blkio(500), 4950);
	assert_int_equal(cgroup_v2_weight_of_blkio(0), 1);
	assert_int_equal(cgroup_v2_weight_of_blkio(99999), 10000);
}

static void swap_is_what_is_beyond_memory(void **state)
{
	(void)state;
	assert_int_equal(cgroup_v2_swap_max(100, 300), 200);
	assert_int_equal(cgroup_v2_swap_max(100, 100), 0);
	assert_int_equal(cgroup_v2_swap_max(100, -1), -1);
	assert_int_equal(cgroup_v2_swap_max(-1, -1), -1);
	assert_int_equal(cgroup_v2_swap_max(-1, 100), -2);
	assert_int_equal(cgroup_v2_swap_max(200, 100), -2);
}

static void unified_keys_are_one_file(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"memory.high",
		"=1",
		"memory=1",
		".high=1",
		"../x.y=1",
		"a/b.c=1",
		"memory.high\n=1",
		"cgroup.procs=1",
		"cgroup.kill=1",
		"cgroup.freeze=1",
		"cgroup.subtree_control=+x",
		"cgroup.type=threaded",
	};
	char name[32];
	struct err err = { 0 };
	assert_int_equal(cgroup_v2_unified_controller("memory.high=1", name, &err), 0);
	assert_string_equal(name, "memory");
	assert_int_equal(cgroup_v2_unified_controller("hugetlb.2MB.max=0", name, &err), 0);
	assert_string_equal(name, "hugetlb");
	assert_int_equal(cgroup_v2_unified_controller("cgroup.max.depth=3", name, &err), 0);
	assert_string_equal(name, "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memcpy(name, "kept", sizeof("kept"));
		assert_int_equal(cgroup_v2_unified_controller(bad[i], name, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_string_equal(name, "kept");
	}
}

static void zero_is_not_set(void **state)
{
	(void)state;
	struct cgroup_limits l = { 0 };
	for (enum cgroup_kind kind = 0; kind < CGROUP_KINDS; kind++)
		assert_false(cgroup_limits_need(&l, kind));
	l.memory.limit_bytes = (struct cgroup_value){ true, 0 };
	l.cpu.shares = (struct cgroup_value){ true, 0 };
	assert_false(cgroup_limits_need(&l, CGROUP_MEMORY));
	assert_false(cgroup_limits_need(&l, CGROUP_CPU));
	l.memory.limit_bytes.value = -1;
	l.cpu.idle.is_set = true;
	l.pids_max.is_set = true;
	assert_true(cgroup_limits_need(&l, CGROUP_MEMORY));
	assert_true(cgroup_limits_need(&l, CGROUP_CPU));
	assert_true(cgroup_limits_need(&l, CGROUP_PIDS));
}

static void done_frees_everything(void **state)
{
	(void)state;
	struct cgroup_limits l = { 0 };
	for (int i = 0; i < 100; i++)
		cgroup_limits_add_device(&l, true, 'c', i, -1, "rw");
	assert_int_equal(l.devices_len, 100);
	assert_int_equal(l.devices[99].major, 99);
	assert_false(l.devices[0].mknod);
	l.cpu.cpus = mem_strdup("0");
	l.hugetlb = mem_alloc(1, sizeof(*l.hugetlb));
	l.hugetlb_len = 1;
	l.hugetlb[0].page_size = mem_strdup("2MB");
	l.net_priorities = mem_alloc(1, sizeof(*l.net_priorities));
	l.net_priorities_len = 1;
	l.net_priorities[0].interface = mem_strdup("lo");
	strv_add(&l.unified, "memory.high=1");
	cgroup_limits_done(&l); /* a leak fails the sanitizer run */
	assert_int_equal(l.devices_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_become_weight),
		cmocka_unit_test(blkio_weight_becomes_io_weight),
		cmocka_unit_test(swap_is_what_is_beyond_memory),
		cmocka_unit_test(unified_keys_are_one_file),
		cmocka_unit_test(zero_is_not_set),
		cmocka_unit_test(done_frees_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
