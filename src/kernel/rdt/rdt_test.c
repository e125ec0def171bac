/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of service, in a directory that looks like resctrl: its groups are made here, since no
 * kernel fills them with files. Whether resctrl itself takes the text is for machines that have it.
 */
#include "kernel/rdt/rdt.h"

#include "base/mem.h"
#include "kernel/rdt/schemata.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/onggi-rdt-XXXXXX";
static int root_fd;

static void put(const char *path, const char *text)
{
	AUTO_FD fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

static void expect(const char *path, const char *text)
{
	AUTO(struct buf, buf_done) there = { 0 };
	assert_int_equal(file_read(root_fd, path, 4096, &there, NULL), 0);
	assert_string_equal(buf_str(&there), text);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	root_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put("tasks", "");
	put("schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	mkdirat(root_fd, "gold", 0755);
	put("gold/tasks", "");
	put("gold/schemata", "    L3:0=7f0;1=01f\n    MB:0= 20;1= 70\n");
	mkdirat(root_fd, "gold/mon_groups", 0755);
	mkdirat(root_fd, "gold/mon_groups/box", 0755);
	put("gold/mon_groups/box/tasks", "");
	return root_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const files[] = { "tasks", "schemata", "gold/tasks", "gold/schemata",
					     "gold/mon_groups/box/tasks" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlinkat(root_fd, files[i], 0);
	unlinkat(root_fd, "gold/mon_groups/box", AT_REMOVEDIR);
	unlinkat(root_fd, "gold/mon_groups", AT_REMOVEDIR);
	unlinkat(root_fd, "gold", AT_REMOVEDIR);
	close(root_fd);
	return rmdir(top);
}

static void schemas_are_combined(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) text = { 0 };
	struct rdt rdt = { .l3_schema = (char[]){ "L3:0=f\nMB:0=50\n L2:0=3" },
			   .memory_schema = (char[]){ "MB:0=20" } };
	AUTO(struct strv, strv_done) more = { 0 };
	strv_add(&more, "L3CODE:0=1");
	rdt.schemata = more;
	schemata_format(&rdt, &text);
	assert_string_equal(buf_str(&text), "L3:0=f\nL2:0=3\nMB:0=20\nL3CODE:0=1\n");
	buf_reset(&text);
	rdt.memory_schema = NULL;
	schemata_format(&rdt, &text);
	assert_string_equal(buf_str(&text), "L3:0=f\nMB:0=50\nL2:0=3\nL3CODE:0=1\n");
}

static void schemas_are_compared_by_value(void **state)
{
	(void)state;
	static const char present[] = "    MB:0=100;1= 70\n    L3:0=007f0;1=00000\n";
	struct {
		char l3[32], memory[32];
		bool matches;
	} rows[] = {
		{ "L3:0=7f0", "", true },
		{ "L3:1=0;0=7f0", "MB:1=70", true },
		{ "L3:0=7f", "", false },
		{ "L3:2=7f0", "", false },
		{ "", "MB:0=10", false },
		{ "L2:0=f", "", false },
		{ "L3: 0 = 07f0\n", "MB:0=100", true },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rdt rdt = { .l3_schema = rows[i].l3, .memory_schema = rows[i].memory };
		if (schemata_match(&rdt, present) != rows[i].matches)
			fail_msg("row %zu", i);
	}
}

static void a_process_joins_its_class(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct rdt rdt = { .is_set = true,
			   .class_id = (char[]){ "gold" },
			   .group_id = (char[]){ "box" } };
	assert_int_equal(rdt_place(root_fd, &rdt, 4242, &err), 0);
	expect("gold/tasks", "4242");
	rdt.l3_schema = (char[]){ "L3:0=7f0;1=1f" };
	rdt.monitors = true;
	assert_int_equal(rdt_place(root_fd, &rdt, 77, &err), 0);
	expect("gold/mon_groups/box/tasks", "77");
	expect("gold/schemata", "    L3:0=7f0;1=01f\n    MB:0= 20;1= 70\n");
	rdt.l3_schema = (char[]){ "L3:0=1" };
	assert_int_equal(rdt_place(root_fd, &rdt, 78, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void the_root_class_is_named_by_a_slash(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct rdt rdt = { .is_set = true, .class_id = (char[]){ "/" } };
	assert_int_equal(rdt_place(root_fd, &rdt, 9, &err), 0);
	expect("tasks", "9");
}

static void what_cannot_be_filled_is_removed(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct rdt rdt = { .is_set = true, .class_id = (char[]){ "none" } };
	assert_int_equal(rdt_place(root_fd, &rdt, 1, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	/* A directory without files is what resctrl never is: the write fails. */
	rdt.memory_schema = (char[]){ "MB:0=20" };
	assert_int_equal(rdt_place(root_fd, &rdt, 1, &err), -1);
	assert_int_equal(faccessat(root_fd, "none", F_OK, 0), -1);
	assert_null(rdt_own_group(&rdt));
	rdt.is_own_class = true;
	AUTO_FREE char *group = rdt_own_group(&rdt);
	assert_int_equal(mkdirat(root_fd, "none", 0755), 0);
	assert_int_equal(rdt_remove(root_fd, group, &err), 0);
	assert_int_equal(faccessat(root_fd, "none", F_OK, 0), -1);
	assert_int_equal(rdt_remove(root_fd, group, &err), 0);
}

static void what_is_made_for_a_container_alone(void **state)
{
	(void)state;
	struct rdt rdt = { .is_set = true,
			   .class_id = (char[]){ "gold" },
			   .group_id = (char[]){ "box" } };
	assert_null(rdt_own_group(&rdt));
	rdt.monitors = true;
	AUTO_FREE char *group = rdt_own_group(&rdt);
	assert_string_equal(group, "gold/mon_groups/box");
	rdt.class_id = (char[]){ "/" };
	AUTO_FREE char *root_group = rdt_own_group(&rdt);
	assert_string_equal(root_group, "./mon_groups/box");
	rdt.is_set = false;
	assert_null(rdt_own_group(&rdt));
}

static void a_class_gets_other_shares(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct rdt rdt = { .class_id = (char[]){ "gold" },
			   .l3_schema = (char[]){ "L3:0=3\nMB:0=90" },
			   .memory_schema = (char[]){ "MB:0=30" } };
	assert_int_equal(mkdirat(root_fd, "info", 0755), 0);
	put("info/last_cmd_status", "ok\n");
	put("gold/schemata", "");
	assert_int_equal(rdt_update(root_fd, &rdt, &err), 0);
	expect("gold/schemata", "L3:0=3\nMB:0=30\n");
	rdt.class_id = (char[]){ "no-such" };
	assert_int_equal(rdt_update(root_fd, &rdt, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	/* The kernel's own words go with a refusal, here of a file that nobody can write. */
	put("info/last_cmd_status", "MB value 3 out of range\n");
	rdt.class_id = (char[]){ "gold/mon_groups" };
	assert_int_equal(rdt_update(root_fd, &rdt, &err), -1);
	assert_non_null(strstr(err.hint, "out of range"));
	unlinkat(root_fd, "info/last_cmd_status", 0);
	unlinkat(root_fd, "info", AT_REMOVEDIR);
}

static void names_are_checked(void **state)
{
	(void)state;
	static const char *const bad[] = { "", ".", "..", "a/b", "info", "mon_groups", "a\nb" };
	struct rdt rdt = { .class_id = (char[]){ "gold" } };
	assert_int_equal(rdt_check(&rdt, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		rdt.class_id = mem_strdup(bad[i]);
		assert_int_equal(rdt_check(&rdt, NULL), -1);
		free(rdt.class_id);
	}
	rdt = (struct rdt){ .memory_schema = (char[]){ "L3:0=1" } };
	assert_int_equal(rdt_check(&rdt, NULL), -1);
	rdt.memory_schema = (char[]){ "MB:0=1\nMB:1=1" };
	assert_int_equal(rdt_check(&rdt, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemas_are_combined),
		cmocka_unit_test(schemas_are_compared_by_value),
		cmocka_unit_test(a_process_joins_its_class),
		cmocka_unit_test(the_root_class_is_named_by_a_slash),
		cmocka_unit_test(what_cannot_be_filled_is_removed),
		cmocka_unit_test(what_is_made_for_a_container_alone),
		cmocka_unit_test(a_class_gets_other_shares),
		cmocka_unit_test(names_are_checked),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
