/* SPDX-License-Identifier: Apache-2.0 */
#include "store/container.h"

#include "base/mem.h"
#include "store/fixture.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LEASE_NONE                                                                                 \
	{                                                                                          \
		-1, -1, -1                                                                         \
	}

static void must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->text);
}

static void record_reads_back(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char image_id[DIGEST_HEX_SIZE];
	fixture_image(&f, "a", "debian", image_id);
	for (int throwaway = 0; throwaway < 2; throwaway++) {
		AUTO(struct container, container_done)
		c = fixture_container("web", image_id, throwaway);
		AUTO(struct container, container_done) found = { 0 };
		AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
		struct err err = { 0 };
		must(container_create(&f.store, &c, true, &lease, &err), &err);
		must(container_find(&f.store, "web", &found, &err), &err);
		assert_string_equal(found.id, c.id);
		assert_string_equal(found.name, "web");
		assert_string_equal(found.image_id, image_id);
		assert_string_equal(found.args.items[1], "-c \"x\"\n\xef\xbf\xbd");
		assert_string_equal(found.labels.items[0], "a=b");
		assert_string_equal(found.details_json, c.details_json);
		assert_int_equal(found.is_throwaway, throwaway);
		assert_int_equal(found.status, CONTAINER_CREATED);
		assert_null(found.rootfs);

		c.status = CONTAINER_RUNNING;
		c.pid = 123;
		c.pid_start_time = UINT64_MAX;
		must(container_save(&f.store, &lease, &c, &err), &err);
		container_done(&found);
		char prefix[13];
		snprintf(prefix, sizeof(prefix), "%.12s", c.id);
		must(container_find(&f.store, prefix, &found, &err), &err);
		assert_int_equal(found.pid, 123);
		assert_true(found.pid_start_time == UINT64_MAX);

		c.status = CONTAINER_EXITED;
		c.exit_code = 137;
		must(container_save(&f.store, &lease, &c, &err), &err);
		container_done(&found);
		must(container_find(&f.store, c.id, &found, &err), &err);
		assert_int_equal(found.status, CONTAINER_EXITED);
		assert_int_equal(found.exit_code, 137);

		must(container_remove(&f.store, c.id, &lease, &err), &err);
		must(container_remove(&f.store, c.id, NULL, &err), &err); /* safe to repeat */
		assert_int_equal(container_find(&f.store, "web", &found, &err), -1);
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		assert_int_equal(fixture_count(&f, "containers"), 0);
		assert_int_equal(fixture_count(&f, "run:containers"), 0);
		assert_int_equal(fixture_count(&f, "run:names"), 0);
	}
	assert_int_equal(f.warnings, 0);
	fixture_close(&f);
}

static void upper_is_what_the_root_will_be(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	mode_t old = umask(077);
	AUTO(struct container, container_done) c = fixture_container("c1", NULL, true);
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	struct err err = { 0 };
	struct stat st;
	must(container_create(&f.store, &c, true, &lease, &err), &err);
	umask(old);
	assert_int_equal(fstatat(lease.dir_fd, "upper", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(lease.dir_fd, "", &st, AT_EMPTY_PATH), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* Something was written: the walk, not the short way. */
	assert_int_equal(mkdirat(lease.dir_fd, "upper/etc", 0), 0);
	assert_int_equal(mkdirat(lease.run_dir_fd, "extra", 0700), 0);
	must(container_remove(&f.store, c.id, &lease, &err), &err);
	assert_int_equal(fixture_count(&f, "containers"), 0);
	assert_int_equal(fixture_count(&f, "run:containers"), 0);
	fixture_close(&f);
}

static void names_have_one_owner(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	AUTO(struct container, container_done) a = fixture_container("web", NULL, false);
	AUTO(struct container, container_done) b = fixture_container("web", NULL, false);
	AUTO(struct container, container_done) bad = fixture_container("../x", NULL, false);
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	AUTO(struct container_lease, container_lease_done) other = CONTAINER_LEASE_NONE;
	struct err err = { 0 };
	must(container_create(&f.store, &a, true, &lease, &err), &err);
	assert_int_equal(container_create(&f.store, &b, true, &other, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	char short_id[13];
	snprintf(short_id, sizeof(short_id), "%.12s", a.id);
	assert_non_null(strstr(err.text, short_id));
	assert_int_equal(container_create(&f.store, &bad, true, &other, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(fixture_count(&f, "containers"), 1);
	assert_int_equal(fixture_count(&f, "run:containers"), 1);

	/* Held: nobody else removes it. */
	assert_int_equal(container_is_watched(&f.store, a.id, &err), 1);
	assert_int_equal(container_remove(&f.store, a.id, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	container_lease_done(&lease);
	assert_int_equal(container_is_watched(&f.store, a.id, &err), 0);
	must(container_remove(&f.store, a.id, NULL, &err), &err);
	must(container_create(&f.store, &b, true, &other, &err), &err);
	fixture_close(&f);
}

static void lists_newest_first(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	for (int i = 0; i < 3; i++) {
		char name[8];
		snprintf(name, sizeof(name), "c%d", i);
		AUTO(struct container, container_done) c = fixture_container(name, NULL, i == 1);
		AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
		c.created_ns = (uint64_t)i;
		must(container_create(&f.store, &c, true, &lease, &err), &err);
	}
	AUTO(struct container_list, container_list_done) list = { 0 };
	must(container_list(&f.store, &list, &err), &err);
	assert_int_equal(list.len, 3);
	assert_string_equal(list.items[0].name, "c2");
	assert_string_equal(list.items[2].name, "c0");
	fixture_close(&f);
}

static void damaged_records_are_set_aside(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	AUTO(struct container, container_done) a = fixture_container("aa", NULL, false);
	AUTO(struct container, container_done) b = fixture_container("bb", NULL, false);
	AUTO(struct container_lease, container_lease_done) lease_a = CONTAINER_LEASE_NONE;
	AUTO(struct container_lease, container_lease_done) lease_b = CONTAINER_LEASE_NONE;
	must(container_create(&f.store, &a, true, &lease_a, &err), &err);
	must(container_create(&f.store, &b, true, &lease_b, &err), &err);
	a.status = CONTAINER_EXITED;
	must(container_save(&f.store, &lease_a, &a, &err), &err); /* a second generation */
	char path[100];
	snprintf(path, sizeof(path), "containers/%s/record", a.id);
	fixture_damage(&f, path);
	snprintf(path, sizeof(path), "containers/%s/record", b.id);
	fixture_damage(&f, path);
	AUTO(struct container_list, container_list_done) list = { 0 };
	must(container_list(&f.store, &list, &err), &err);
	assert_int_equal(list.len, 1);
	assert_string_equal(list.items[0].name, "aa");
	assert_int_equal(list.items[0].status, CONTAINER_CREATED); /* the one before */
	assert_int_equal(fixture_count(&f, "quarantine"), 1);
	assert_int_equal(f.warnings, 2);
	fixture_close(&f);
}

static int remember_orphan(const struct store *store, struct container *container,
			   struct container_lease *lease, void *arg, struct err *err)
{
	strv_add(arg, container->name);
	return container->is_throwaway ? container_remove(store, container->id, lease, err) : 0;
}

static void orphans_are_found(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	AUTO(struct container_lease, container_lease_done) held = CONTAINER_LEASE_NONE;
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = { "kept", "throwaway", "ended", "watched" };
		AUTO(struct container, container_done)
		c = fixture_container(names[i], NULL, i == 1);
		AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
		must(container_create(&f.store, &c, true, &lease, &err), &err);
		c.status = i == 2 ? CONTAINER_EXITED : CONTAINER_RUNNING;
		must(container_save(&f.store, &lease, &c, &err), &err);
		if (i == 3) {
			held = lease;
			lease = (struct container_lease)CONTAINER_LEASE_NONE;
		}
	}
	/* What a kill between two steps leaves. */
	char remains[ID_SIZE], run_only[ID_SIZE];
	id_new(remains);
	id_new(run_only);
	assert_int_equal(mkdirat(f.store.containers_fd, remains, 0700), 0);
	assert_int_equal(symlinkat(remains, f.store.run_fd, "names/stale"), 0);
	assert_int_equal(mkdirat(f.store.run_containers_fd, run_only, 0700), 0);

	AUTO(struct strv, strv_done) found = { 0 };
	must(container_each_orphan(&f.store, remember_orphan, &found, &err), &err);
	assert_int_equal(found.len, 2);
	assert_true(strv_find(&found, "kept") >= 0 && strv_find(&found, "throwaway") >= 0);
	assert_int_equal(fixture_count(&f, "containers"), 3);
	assert_int_equal(fixture_count(&f, "run:containers"), 3);
	assert_int_equal(fixture_count(&f, "run:names"), 3);
	fixture_close(&f);
}

static void reboot_keeps_what_is_durable(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	for (int i = 0; i < 2; i++) {
		AUTO(struct container, container_done)
		c = fixture_container(i == 0 ? "kept" : "throwaway", NULL, i == 1);
		AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
		must(container_create(&f.store, &c, true, &lease, &err), &err);
		c.status = CONTAINER_RUNNING;
		must(container_save(&f.store, &lease, &c, &err), &err);
	}
	/* Another boot's mark. */
	assert_int_equal(unlinkat(f.store.run_fd, "boot", 0), 0);
	assert_int_equal(symlinkat("another", f.store.run_fd, "boot"), 0);
	store_close(&f.store);
	fixture_reopen(&f);
	if (fixture_count(&f, "run:containers") != 0) {
		print_message("skipped: /tmp is a tmpfs, where a mark is always of this boot\n");
		fixture_close(&f);
		skip();
	}
	AUTO(struct container, container_done) found = { 0 };
	must(container_find(&f.store, "kept", &found, &err), &err);
	assert_int_equal(found.status, CONTAINER_EXITED);
	assert_int_equal(found.exit_code, 255);
	assert_non_null(found.error);
	assert_int_equal(container_find(&f.store, "throwaway", &found, &err), -1);
	AUTO(struct strv, strv_done) orphans = { 0 };
	must(container_each_orphan(&f.store, remember_orphan, &orphans, &err), &err);
	assert_int_equal(orphans.len, 0);
	assert_int_equal(fixture_count(&f, "containers"), 1);
	fixture_close(&f);
}

static void one_run_root_at_a_time(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	struct store other;
	char other_run[80];
	snprintf(other_run, sizeof(other_run), "%s/other-run", f.run);
	/* Ready before the container is there: it must be looked at each time. */
	must(store_open(f.root, other_run, &other, &err), &err);
	store_close(&other);
	store_close(&f.store);
	fixture_reopen(&f);
	AUTO(struct container, container_done) c = fixture_container("web", NULL, true);
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	must(container_create(&f.store, &c, true, &lease, &err), &err);
	assert_int_equal(store_open(f.root, other_run, &other, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	/* Another spelling of the same one is none of that. */
	char same_run[80];
	snprintf(same_run, sizeof(same_run), "/tmp/.%.60s", f.run + strlen("/tmp"));
	must(store_open(f.root, same_run, &other, &err), &err);
	assert_int_equal(container_is_watched(&other, c.id, &err), 1);
	store_close(&other);
	must(container_remove(&f.store, c.id, &lease, &err), &err);
	must(store_open(f.root, other_run, &other, &err), &err);
	store_close(&other);
	fixture_close(&f);
}

static void labels_given_twice(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	AUTO(struct container, container_done) c = fixture_container("web", NULL, false);
	AUTO(struct container, container_done) found = { 0 };
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	strv_add(&c.labels, "a=again");
	strv_add(&c.labels, "bare");
	must(container_create(&f.store, &c, true, &lease, &err), &err);
	must(container_find(&f.store, "web", &found, &err), &err);
	assert_int_equal(found.labels.len, 2);
	assert_string_equal(found.labels.items[0], "a=again");
	assert_string_equal(found.labels.items[1], "bare=");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_reads_back),
		cmocka_unit_test(upper_is_what_the_root_will_be),
		cmocka_unit_test(names_have_one_owner),
		cmocka_unit_test(lists_newest_first),
		cmocka_unit_test(damaged_records_are_set_aside),
		cmocka_unit_test(orphans_are_found),
		cmocka_unit_test(reboot_keeps_what_is_durable),
		cmocka_unit_test(one_run_root_at_a_time),
		cmocka_unit_test(labels_given_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
