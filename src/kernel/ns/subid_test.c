/* SPDX-License-Identifier: Apache-2.0 */
/* Which ids a user has, and what is said about the others; and whose rights we have. */
#include "kernel/ns/child_test.h"

#include "kernel/ns/privilege.h"
#include "kernel/ns/subid.h"

#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

static const char listing[] = "alice:100000:65536\n"
			      "bob:165536:65536\n"
			      "# no line\n"
			      "1000:300000:10\n"
			      "alice:400000\n"
			      "::\n"
			      "alice:500000:1";

static void listed_ids_are_found(void **state)
{
	(void)state;
	static const struct subid_user alice = { "alice", 1000, 1000 };
	static const struct subid_user nameless = { NULL, 1000, 1000 };
	static const struct ns_id_map own = { 0, 1000, 1 }, of_alice = { 1, 100000, 65536 },
				      by_number = { 1, 300000, 10 }, last = { 1, 500000, 1 },
				      of_bob = { 1, 165536, 1 }, beyond = { 1, 165535, 2 },
				      two_own = { 0, 1000, 2 }, broken = { 1, 400000, 1 };
	const struct {
		const struct subid_user *user;
		struct ns_id_map maps[2];
		size_t unlisted;
	} rows[] = {
		{ &alice, { own, of_alice }, 2 },    { &alice, { own, by_number }, 2 },
		{ &alice, { own, last }, 2 },        { &alice, { own, of_bob }, 1 },
		{ &alice, { own, beyond }, 1 },      { &alice, { two_own, of_alice }, 0 },
		{ &alice, { own, broken }, 1 },      { &nameless, { own, by_number }, 2 },
		{ &nameless, { of_alice, own }, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(subid_find_unlisted(listing, rows[i].user, rows[i].maps, 2),
				 rows[i].unlisted);
}

static void become_user(void)
{
	if (geteuid() != 0)
		child_skip("not root");
	CHECK(setresgid(4711, 4711, 4711) == 0 && setresuid(4711, 4711, 4711) == 0);
	/* /proc of an undumpable process is out of reach: as if the program had been executed. */
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
}

/* @return pid of a child in a user namespace of its own, which lasts until the pipe is closed */
static pid_t start_namespace(int out_pipe[2])
{
	char byte = 0;
	int ready[2];
	CHECK(pipe2(out_pipe, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		close(out_pipe[1]);
		bool is_in = unshare(CLONE_NEWUSER) == 0;
		byte = is_in ? '1' : '0';
		if (write(ready[1], &byte, 1) == 1)
			(void)!read(out_pipe[0], &byte, 1);
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	if (byte != '1')
		child_skip("no user namespaces for ordinary users");
	return pid;
}

static void check_file(pid_t pid, const char *name, const char *wanted)
{
	char path[64], text[256];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	CHECK(n > 0);
	text[n] = '\0';
	CHECK(strstr(text, wanted) != NULL);
}

static void own_id_body(void)
{
	struct err err = { 0 };
	int hold[2];
	become_user();
	pid_t pid = start_namespace(hold);
	static const struct ns_id_map map = { 0, 4711, 1 };
	const struct ns_id_maps maps = { &map, &map, 1, 1 };
	CHECK_OK(subid_write_maps(pid, &maps, &err), &err);
	check_file(pid, "uid_map", "0       4711          1");
	check_file(pid, "setgroups", "deny");
}

/* Nobody of that number is listed anywhere: the helper refuses, and the hint says what to do. */
static void unlisted_body(void)
{
	struct err err = { 0 };
	int hold[2];
	become_user();
	if (access("/usr/bin/newgidmap", X_OK) < 0)
		child_skip("no newgidmap");
	pid_t pid = start_namespace(hold);
	static const struct ns_id_map map[] = { { 0, 4711, 1 }, { 1, 3000000, 10 } };
	const struct ns_id_maps maps = { map, map, 2, 2 };
	CHECK(subid_write_maps(pid, &maps, &err) < 0);
	CHECK(strstr(err.text, "newgidmap: exit status 1") != NULL);
	CHECK(strstr(err.hint, "usermod --add-subgids 3000000-3000009") != NULL);
	struct ns_id_map empty = map[1];
	empty.count = 0;
	const struct ns_id_maps bad = { &empty, &empty, 1, 1 };
	CHECK(subid_write_maps(pid, &bad, &err) < 0 && err.kind == ERR_INVALID);
}

static void no_helper_body(void)
{
	struct err err = { 0 };
	int hold[2];
	become_user();
	pid_t pid = start_namespace(hold);
	static const struct ns_id_map map = { 0, 4711, 2 };
	const struct ns_id_maps maps = { &map, &map, 1, 1 };
	if (access("/usr/bin/newgidmap", X_OK) == 0)
		child_skip("there is a newgidmap in a fixed place");
	CHECK(subid_write_maps(pid, &maps, &err) < 0 && err.kind == ERR_UNSUPPORTED);
	CHECK(strstr(err.text, "needs newgidmap") != NULL);
}

static void privilege_body(void)
{
	struct err err = { 0 };
	struct ns_privilege mine;
	CHECK_OK(ns_privilege_read(&mine, &err), &err);
	if (!mine.is_initial || !mine.has_sys_admin)
		child_skip("not root of the machine");
	CHECK(mine.owns_mounts && !ns_groups_are_fixed(EPERM + 1));
	become_user();
	CHECK_OK(ns_privilege_read(&mine, &err), &err);
	CHECK(mine.is_initial && !mine.has_sys_admin && !mine.owns_mounts);
	if (unshare(CLONE_NEWUSER) < 0)
		child_skip("no user namespaces for ordinary users");
	CHECK_OK(ns_privilege_read(&mine, &err), &err);
	CHECK(!mine.is_initial && mine.has_sys_admin && !mine.owns_mounts);
	CHECK(ns_groups_are_fixed(EPERM));
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK_OK(ns_privilege_read(&mine, &err), &err);
	CHECK(mine.owns_mounts);
}

#define CHILD_TEST(name)                                                                           \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		child_judge(child_run(name##_body));                                               \
	}
CHILD_TEST(own_id)
CHILD_TEST(unlisted)
CHILD_TEST(no_helper)
CHILD_TEST(privilege)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_ids_are_found),
		cmocka_unit_test(own_id),
		cmocka_unit_test(unlisted),
		cmocka_unit_test(no_helper),
		cmocka_unit_test(privilege),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
