/* SPDX-License-Identifier: Apache-2.0 */
/* The layout from given texts, the grammar of paths, and the places of directories. */
#include "kernel/cgroup/layout.h"

#include "kernel/cgroup/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char hybrid_text[] = "9:name=systemd:/\n"
				  "4:memory:/a:b/c\n"
				  "3:net_cls,net_prio:/\n"
				  "1:cpu,cpuacct:/x\n"
				  "0::/init.scope\n";

static void parse_reads_each_kind_of_line(void **state)
{
	(void)state;
	struct cgroup_layout l;
	struct err err = { 0 };
	assert_int_equal(cgroup_layout_parse(hybrid_text, &l, &err), 0);
	assert_int_equal(l.len, 5);
	assert_string_equal(l.hierarchies[0].name, "systemd");
	assert_string_equal(l.hierarchies[0].controllers, "name=systemd");
	assert_string_equal(l.hierarchies[1].self_path, "/a:b/c");
	assert_string_equal(l.hierarchies[3].name, "cpu,cpuacct");
	assert_true(l.hierarchies[4].is_v2);
	assert_string_equal(l.hierarchies[4].name, "unified");
	assert_string_equal(l.hierarchies[4].self_path, "/init.scope");
}

static void parse_refuses_what_it_cannot_hold(void **state)
{
	(void)state;
	struct cgroup_layout l = { .len = 77 };
	struct err err = { 0 };
	assert_int_equal(cgroup_layout_parse("no colons\n", &l, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(l.len, 0);
	char many[512] = "";
	for (int i = 0; i < CGROUP_HIERARCHIES_MAX + 1; i++)
		strncat(many, "1:a:/\n", sizeof(many) - strlen(many) - 1);
	assert_int_equal(cgroup_layout_parse(many, &l, &err), -1);
	char longer[CGROUP_PATH_MAX + 16] = "0::/";
	memset(longer + 4, 'x', CGROUP_PATH_MAX);
	assert_int_equal(cgroup_layout_parse(longer, &l, &err), -1);
}

static void place(const char *text, const char *mountinfo, struct cgroup_layout *out)
{
	assert_int_equal(cgroup_layout_parse(text, out, NULL), 0);
	cgroup_layout_place(out, mountinfo);
	cgroup_layout_finish(out);
}

static void mountinfo_places_co_mounted_and_escaped(void **state)
{
	(void)state;
	struct cgroup_layout l;
	place(hybrid_text,
	      "20 1 0:1 / / rw - ext4 /dev/root rw\n"
	      "30 20 0:30 / /cg/my\\040cpu rw,nosuid shared:9 - cgroup cgroup rw,cpuacct,cpu\n"
	      "31 20 0:31 / /cg/mem ro - cgroup cgroup rw,memory\n"
	      "32 20 0:31 /sub /cg/mem2 rw shared:1 master:2 - cgroup cgroup rw,memory\n"
	      "33 20 0:33 / /cg/sd rw - cgroup cgroup rw,xattr,name=systemd\n"
	      "34 20 0:34 / /cg/u rw - cgroup2 cgroup2 rw,nsdelegate\n"
	      "bad line\n",
	      &l);
	assert_int_equal(l.mode, CGROUP_HYBRID);
	assert_int_equal(l.len, 4); /* net_cls,net_prio is mounted nowhere */
	assert_string_equal(l.hierarchies[0].mount_path, "/cg/sd");
	assert_string_equal(l.hierarchies[1].mount_path, "/cg/mem2");
	assert_string_equal(l.hierarchies[2].mount_path, "/cg/my cpu");
	assert_string_equal(l.hierarchies[3].mount_path, "/cg/u");
	assert_int_equal(cgroup_layout_find_v1(&l, "cpuacct"), 2);
	assert_int_equal(cgroup_layout_find_v1(&l, "cpu"), 2);
	assert_int_equal(cgroup_layout_find_v1(&l, "cp"), -1);
	assert_int_equal(cgroup_layout_find_v1(&l, "net_cls"), -1);
	assert_int_equal(cgroup_layout_find_v2(&l), 3);
}

static void mode_follows_from_what_is_mounted(void **state)
{
	(void)state;
	static const char v2_line[] = "34 20 0:34 / /c rw - cgroup2 cgroup2 rw\n";
	static const char v1_line[] = "31 20 0:31 / /m rw - cgroup cgroup rw,memory\n";
	struct cgroup_layout l;
	place("0::/\n", v2_line, &l);
	assert_int_equal(l.mode, CGROUP_V2);
	place("1:memory:/\n0::/\n", v1_line, &l);
	assert_int_equal(l.mode, CGROUP_V1);
	place("1:memory:/\n0::/\n", "", &l);
	assert_int_equal(l.mode, CGROUP_NONE);
	place("", v1_line, &l);
	assert_int_equal(l.mode, CGROUP_NONE);
}

static void paths_that_could_leave_are_refused(void **state)
{
	(void)state;
	static const char *const good[] = { "/a", "/a/b.scope", "/...", "/a..b/c", "/a b" };
	static const char *const bad[] = { "",      "/",    "a",     "/a/",    "//a",
					   "/a//b", "/..",  "/a/..", "/../a",  "/a/../b",
					   "/./a",  "/a/.", "/a\n",  "/a\033b" };
	struct err err = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(cgroup_path_check(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(cgroup_path_check(bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
	char longer[CGROUP_PATH_MAX + 1];
	memset(longer, 'a', CGROUP_PATH_MAX);
	for (size_t i = 0; i < CGROUP_PATH_MAX; i += 100)
		longer[i] = '/';
	longer[CGROUP_PATH_MAX] = '\0';
	assert_int_equal(cgroup_path_check(longer, &err), -1);
	longer[CGROUP_PATH_MAX - 1] = '\0';
	assert_int_equal(cgroup_path_check(longer, &err), 0);
}

static void places_are_relative_below_the_usual_root(void **state)
{
	(void)state;
	struct cgroup_hierarchy h = { .mount_path = "/sys/fs/cgroup/memory" };
	struct cgroup_place p;
	cgroup_place_make(&h, "/a/b", &p);
	assert_string_equal(p.path, "memory/a/b");
	assert_int_equal(p.mount_len, strlen("memory"));
	h = (struct cgroup_hierarchy){ .mount_path = "/sys/fs/cgroup" };
	cgroup_place_make(&h, "/a", &p);
	assert_string_equal(p.path, "./a");
	h = (struct cgroup_hierarchy){ .mount_path = "/sys/fs/cgroup2" };
	cgroup_place_make(&h, "/a", &p);
	assert_string_equal(p.path, "/sys/fs/cgroup2/a");
}

static void this_machine_has_a_layout(void **state)
{
	(void)state;
	struct cgroup_layout l;
	struct err err = { 0 };
	assert_int_equal(cgroup_layout_detect(NULL, &l, &err), 0);
	for (size_t i = 0; i < l.len; i++) {
		assert_int_equal(l.hierarchies[i].mount_path[0], '/');
		assert_int_equal(l.hierarchies[i].self_path[0], '/');
	}
	assert_int_equal(l.mode == CGROUP_NONE, l.len == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_reads_each_kind_of_line),
		cmocka_unit_test(parse_refuses_what_it_cannot_hold),
		cmocka_unit_test(mountinfo_places_co_mounted_and_escaped),
		cmocka_unit_test(mode_follows_from_what_is_mounted),
		cmocka_unit_test(paths_that_could_leave_are_refused),
		cmocka_unit_test(places_are_relative_below_the_usual_root),
		cmocka_unit_test(this_machine_has_a_layout),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
