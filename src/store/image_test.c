/* SPDX-License-Identifier: Apache-2.0 */
#include "store/image.h"

#include "base/mem.h"
#include "store/fixture.h"
#include "store/sweep.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->text);
}

static int find(struct fixture *f, const char *reference, char out_id[DIGEST_HEX_SIZE])
{
	struct image image = { 0 };
	struct err err = { 0 };
	if (image_find(&f->store, reference, &image, &err) < 0)
		return (int)err.kind;
	snprintf(out_id, DIGEST_HEX_SIZE, "%s", image.id);
	image_done(&image);
	return 0;
}

static void chain_ids_follow_the_specification(void **state)
{
	(void)state;
	char chain[DIGEST_HEX_SIZE], next[DIGEST_HEX_SIZE], expected[DIGEST_HEX_SIZE];
	char first[80], second[80];
	snprintf(first, sizeof(first), "sha256:%064d", 1);
	snprintf(second, sizeof(second), "sha256:%064d", 2);
	layer_chain_id("", first, chain);
	assert_string_equal(chain, first + 7);
	layer_chain_id(chain, second, next);
	AUTO_FREE char *both = mem_printf("%s %s", first, second);
	digest_of(both, strlen(both), expected);
	assert_string_equal(next, expected);
}

static void found_by_every_kind_of_name(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE], text[200];
	fixture_image(&f, "abc", "debian:12", id);
	const char *const good[] = { "debian:12", "docker.io/library/debian:12",
				     "library/debian:12" };
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(find(&f, good[i], found), 0);
		assert_string_equal(found, id);
	}
	assert_int_equal(find(&f, id, found), 0);
	snprintf(text, sizeof(text), "sha256:%s", id);
	assert_int_equal(find(&f, text, found), 0);
	snprintf(text, sizeof(text), "debian@sha256:%s", id);
	assert_int_equal(find(&f, text, found), 0);
	snprintf(text, sizeof(text), "%.12s", id);
	assert_int_equal(find(&f, text, found), 0);
	assert_int_equal(find(&f, "debian", found), ERR_NOT_FOUND);
	assert_int_equal(find(&f, "../../etc/passwd", found), ERR_NOT_FOUND);
	assert_int_equal(find(&f, "", found), ERR_NOT_FOUND);

	AUTO(struct image, image_done) image = { 0 };
	struct err err = { 0 };
	must(image_find(&f.store, "debian:12", &image, &err), &err);
	assert_int_equal(image.layers.len, 3);
	assert_int_equal(image.size_bytes, 3);
	assert_true(image.created_ns == 1767323045500000000u);
	assert_string_equal(image.config.cmd.items[0], "/bin/sh");
	assert_string_equal(image.names.items[0], "docker.io/library/debian:12");
	fixture_close(&f);
}

static void long_names_have_files_too(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE], name[400];
	struct err err = { 0 };
	fixture_image(&f, "a", NULL, id);
	int n = snprintf(name, sizeof(name), "h.io/");
	memset(name + n, 'x', 245);
	snprintf(name + n + 245, sizeof(name) - 250, ":");
	memset(name + 251, 't', 128);
	name[251 + 128] = '\0';
	must(image_tag(&f.store, id, name, &err), &err);
	assert_int_equal(find(&f, name, found), 0);
	AUTO(struct image_list, image_list_done) list = { 0 };
	must(image_list(&f.store, &list, &err), &err);
	assert_int_equal(list.items[0].names.len, 1);
	assert_string_equal(list.items[0].names.items[0], name);
	fixture_close(&f);
}

static void names_move(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE];
	fixture_image(&f, "a", "x", a);
	fixture_image(&f, "ab", "x", b);
	assert_int_equal(find(&f, "x", found), 0);
	assert_string_equal(found, b);
	struct err err = { 0 };
	must(image_tag(&f.store, a, "y:2", &err), &err);
	assert_int_equal(find(&f, "y:2", found), 0);
	assert_string_equal(found, a);
	assert_int_equal(image_tag(&f.store, "00", "z", &err), -1);
	assert_int_equal(image_tag(&f.store, a, "Z", &err), -1);
	AUTO(struct image_list, image_list_done) list = { 0 };
	must(image_list(&f.store, &list, &err), &err);
	assert_int_equal(list.len, 2);
	fixture_close(&f);
}

static void removal_keeps_what_is_shared(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char a[DIGEST_HEX_SIZE], ab[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_image(&f, "a", "one", a);
	fixture_image(&f, "abc", "two", ab);
	must(image_tag(&f.store, ab, "three", &err), &err);
	assert_int_equal(fixture_count(&f, "layers"), 3);

	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	must(image_remove(&f.store, "three", false, &removed, &err), &err);
	assert_int_equal(removed.untagged.len, 1);
	assert_int_equal(removed.deleted.len, 0);
	image_removed_done(&removed);
	must(image_tag(&f.store, ab, "three", &err), &err);
	assert_int_equal(image_remove(&f.store, ab, false, &removed, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	must(image_remove(&f.store, ab, true, &removed, &err), &err);
	assert_int_equal(removed.untagged.len, 2);
	assert_int_equal(removed.deleted.len, 3); /* the image, c, b */
	assert_int_equal(fixture_count(&f, "layers"), 1);
	assert_int_equal(fixture_count(&f, "staging"), 0);
	image_removed_done(&removed);
	must(image_remove(&f.store, "one", false, &removed, &err), &err);
	assert_int_equal(fixture_count(&f, "layers") + fixture_count(&f, "images") +
				 fixture_count(&f, "refs") + fixture_count(&f, "blobs/sha256"),
			 0);
	assert_int_equal(image_remove(&f.store, "one", false, &removed, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	fixture_close(&f);
}

static void removal_respects_containers(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_image(&f, "a", "one", id);
	AUTO(struct container, container_done) c = fixture_container("web", id, false);
	AUTO(struct container_lease, container_lease_done) lease = CONTAINER_LEASE_NONE;
	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	must(container_create(&f.store, &c, true, &lease, &err), &err);
	assert_int_equal(image_remove(&f.store, "one", true, &removed, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "web"));
	c.status = CONTAINER_EXITED;
	must(container_save(&f.store, &lease, &c, &err), &err);
	assert_int_equal(image_remove(&f.store, "one", false, &removed, &err), -1);
	must(image_remove(&f.store, "one", true, &removed, &err), &err);
	assert_int_equal(removed.untagged.len, 1);
	assert_int_equal(removed.deleted.len, 0);
	must(container_remove(&f.store, c.id, &lease, &err), &err);
	image_removed_done(&removed);
	must(image_remove(&f.store, id, false, &removed, &err), &err);
	assert_int_equal(removed.deleted.len, 2);

	AUTO(struct container, container_done) late = fixture_container("late", id, true);
	assert_int_equal(container_create(&f.store, &late, true, &lease, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(fixture_count(&f, "containers"), 0);
	fixture_close(&f);
}

static void a_lease_keeps_layers(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_image(&f, "a", "one", id);
	int lease_fd = layer_lease(&f.store, &err);
	assert_true(lease_fd >= 0);
	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	must(image_remove(&f.store, "one", false, &removed, &err), &err);
	assert_int_equal(removed.deleted.len, 1);
	assert_int_equal(fixture_count(&f, "layers"), 1);
	close(lease_fd);
	AUTO(struct strv, strv_done) swept = { 0 };
	must(layer_sweep(&f.store, &swept, NULL, &err), &err);
	assert_int_equal(swept.len, 1);
	assert_int_equal(fixture_count(&f, "layers"), 0);
	fixture_close(&f);
}

static void damage_is_mended_or_set_aside(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE], path[200];
	struct err err = { 0 };
	fixture_image(&f, "a", "one", a);
	fixture_image(&f, "b", "two", b);
	snprintf(path, sizeof(path), "images/%s", a);
	fixture_damage(&f, path);
	snprintf(path, sizeof(path), "images/%s", b);
	fixture_damage(&f, path);
	snprintf(path, sizeof(path), "blobs/sha256/%s", b);
	fixture_damage(&f, path);
	AUTO(struct image_list, image_list_done) list = { 0 };
	must(image_list(&f.store, &list, &err), &err);
	assert_int_equal(list.len, 1);
	assert_string_equal(list.items[0].id, a);
	assert_int_equal(list.items[0].layers.len, 1);
	assert_int_equal(f.warnings, 2);
	assert_int_equal(fixture_count(&f, "quarantine"), 1);
	/* Made again for good. */
	image_list_done(&list);
	must(image_list(&f.store, &list, &err), &err);
	assert_int_equal(f.warnings, 2);
	fixture_close(&f);
}

static void layers_are_private_until_committed(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	struct err err = { 0 };
	struct layer_staging staging = { 0 };
	struct stat st;
	mode_t old = umask(077);
	must(layer_stage(&f.store, &staging, &err), &err);
	umask(old);
	assert_int_equal(fstat(staging.dir_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fixture_count(&f, "layers"), 0);
	/* In use: a sweep leaves it alone. */
	assert_int_equal(store_sweep_staging(&f.store, &err), 0);
	assert_int_equal(fixture_count(&f, "staging"), 1);
	/* Its owner is dead. */
	close(staging.lock_fd);
	close(staging.dir_fd);
	assert_int_equal(store_sweep_staging(&f.store, &err), 1);
	assert_int_equal(fixture_count(&f, "staging"), 0);

	must(layer_stage(&f.store, &staging, &err), &err);
	char *name = layer_commit(&f.store, &staging, "../../etc", "x", 0, &err);
	assert_null(name);
	layer_abort(&f.store, &staging);
	layer_abort(&f.store, &staging);
	assert_int_equal(fixture_count(&f, "staging"), 0);

	/* The same layer twice: one stays. Two chains that begin alike: two names. */
	char chain[DIGEST_HEX_SIZE] = "", diff_id[80];
	AUTO_FREE char *first = fixture_layer(&f, "a", chain, diff_id);
	chain[0] = '\0';
	AUTO_FREE char *again = fixture_layer(&f, "a", chain, diff_id);
	assert_string_equal(first, again);
	chain[20] = chain[20] == '0' ? '1' : '0';
	must(layer_stage(&f.store, &staging, &err), &err);
	AUTO_FREE char *alike = layer_commit(&f.store, &staging, chain, diff_id, 1, &err);
	assert_non_null(alike);
	assert_int_equal(strlen(alike), LAYER_NAME_LEN + 4);
	AUTO_FREE char *found = layer_find(&f.store, chain);
	assert_string_equal(found, alike);
	assert_int_equal(fixture_count(&f, "layers"), 2);
	fixture_close(&f);
}

static void loose_roots_are_refused(void **state)
{
	(void)state;
	struct fixture f;
	struct store store;
	struct err err = { 0 };
	fixture_open(&f);
	assert_int_equal(chmod(f.root, 0755), 0);
	assert_int_equal(store_open(f.root, f.run, &store, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_true(err.hint[0] != '\0');
	assert_int_equal(chmod(f.root, 0700), 0);
	assert_int_equal(store_open("relative", f.run, &store, &err), -1);
	if (geteuid() == 0) {
		assert_int_equal(chown(f.root, 1, 1), 0);
		assert_int_equal(store_open(f.root, f.run, &store, &err), -1);
		assert_int_equal(chown(f.root, 0, 0), 0);
	}
	must(store_open(f.root, f.run, &store, &err), &err);
	store_close(&store);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_ids_follow_the_specification),
		cmocka_unit_test(found_by_every_kind_of_name),
		cmocka_unit_test(long_names_have_files_too),
		cmocka_unit_test(names_move),
		cmocka_unit_test(removal_keeps_what_is_shared),
		cmocka_unit_test(removal_respects_containers),
		cmocka_unit_test(a_lease_keeps_layers),
		cmocka_unit_test(damage_is_mended_or_set_aside),
		cmocka_unit_test(layers_are_private_until_committed),
		cmocka_unit_test(loose_roots_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
