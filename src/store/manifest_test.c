/* SPDX-License-Identifier: Apache-2.0 */
/* Pulled images: by digest, what goes with which name, and damage. */
#include "store/manifest.h"

#include "base/mem.h"
#include "store/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HERE  "docker.io/library/debian"
#define THERE "host.example:5000/x/debian"

static void must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->text);
}

static struct manifest_list list_of(struct fixture *f, const char *id, size_t expected)
{
	struct manifest_list list = { 0 };
	struct err err = { 0 };
	must(manifest_list(&f->store, id, &list, &err), &err);
	assert_int_equal(list.len, expected);
	return list;
}

static void has_manifests(struct fixture *f, const char *id, size_t expected)
{
	struct manifest_list list = list_of(f, id, expected);
	manifest_list_done(&list);
}

static bool finds(struct fixture *f, const char *id, const char *repository, const char *digest)
{
	AUTO_FREE char *name = mem_printf("%s@sha256:%s", repository, digest);
	AUTO(struct image, image_done) image = { 0 };
	struct err err = { 0 };
	return image_find(&f->store, name, &image, &err) == 0 && strcmp(image.id, id) == 0;
}

static struct image_removed remove_image(struct fixture *f, const char *reference, bool force)
{
	struct image_removed removed = { 0 };
	struct err err = { 0 };
	must(image_remove(&f->store, reference, force, &removed, &err), &err);
	return removed;
}

static void kept_with_its_descriptors(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE], found[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_pulled(&f, "ab", HERE, "12", id);
	fixture_pulled(&f, "ab", HERE, "12", id); /* again: nothing doubles */
	AUTO(struct manifest_list, manifest_list_done) list = list_of(&f, id, 1);
	const struct manifest *manifest = &list.items[0];
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct buf, buf_done) index = { 0 };
	assert_string_equal(manifest->config.digest, id);
	assert_int_equal(manifest->layers_len, 2);
	assert_int_equal(manifest->layers[1].size, 2);
	assert_string_equal(manifest->self.media_type,
			    "application/vnd.oci.image.manifest.v1+json");
	must(manifest_read(&f.store, &manifest->self, &bytes, &err), &err);
	assert_string_equal(buf_str(&bytes), "{manifest ab}");
	must(manifest_read(&f.store, &manifest->index, &index, &err), &err);
	assert_string_equal(buf_str(&index), "{index}");
	assert_ptr_equal(manifest_digest(manifest), manifest->index.digest);
	assert_int_equal(manifest_find(&f.store, manifest->self.digest, found), 1);
	assert_string_equal(found, id);
	assert_int_equal(manifest_find(&f.store, id, found), 0);

	assert_true(finds(&f, id, HERE, manifest->index.digest));
	assert_true(finds(&f, id, "debian:anything", manifest->index.digest));
	assert_true(finds(&f, id, HERE, manifest->self.digest));
	AUTO(struct image_list, image_list_done) images = { 0 };
	must(image_list(&f.store, &images, &err), &err);
	assert_int_equal(images.items[0].names.len, 1);
	assert_int_equal(images.items[0].digests.len, 1);
	assert_string_equal(images.items[0].names.items[0], HERE ":12");
	/* Without a manifest, as images of older stores are. */
	fixture_image(&f, "c", "loaded", id);
	has_manifests(&f, id, 0);
	fixture_close(&f);
}

static void digests_go_with_the_last_tag(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE], digest[DIGEST_HEX_SIZE];
	digest_of("{index}", 7, digest);
	fixture_pulled(&f, "a", HERE, "1", id);
	fixture_pulled(&f, "a", HERE, "2", id);
	fixture_pulled(&f, "a", THERE, NULL, id);
	assert_int_equal(fixture_count(&f, "refs"), 4);
	struct image_removed removed = remove_image(&f, HERE ":1", false);
	assert_int_equal(removed.untagged.len, 1);
	image_removed_done(&removed);
	/* By id: two repositories know it. */
	struct err err = { 0 };
	assert_int_equal(image_remove(&f.store, id, false, &removed, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	removed = remove_image(&f, HERE ":2", false);
	assert_int_equal(removed.untagged.len, 2);
	assert_int_equal(removed.deleted.len, 0);
	image_removed_done(&removed);
	assert_true(finds(&f, id, THERE, digest));
	AUTO_FREE char *last = mem_printf(THERE "@sha256:%s", digest);
	removed = remove_image(&f, last, false);
	assert_int_equal(removed.untagged.len, 1);
	assert_int_equal(removed.deleted.len, 2);
	image_removed_done(&removed);
	assert_int_equal(fixture_count(&f, "refs") + fixture_count(&f, "images") +
				 fixture_count(&f, "manifests") + fixture_count(&f, "blobs/sha256"),
			 0);
	/* One repository, one tag: an id is enough. */
	fixture_pulled(&f, "a", HERE, "1", id);
	removed = remove_image(&f, id, false);
	assert_int_equal(removed.untagged.len, 2);
	image_removed_done(&removed);
	fixture_close(&f);
}

static void an_index_may_have_several_images(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char one[DIGEST_HEX_SIZE], two[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_pulled(&f, "a", HERE, "one", one);
	fixture_pulled(&f, "b", HERE, "two", two);
	struct image_removed removed = remove_image(&f, one, true);
	image_removed_done(&removed);
	AUTO(struct manifest_list, manifest_list_done) list = list_of(&f, two, 1);
	AUTO(struct buf, buf_done) index = { 0 };
	must(manifest_read(&f.store, &list.items[0].index, &index, &err), &err);
	assert_int_equal(fixture_count(&f, "manifests"), 1);
	assert_int_equal(fixture_count(&f, "blobs/sha256"), 3);
	fixture_close(&f);
}

static void damage_path(struct fixture *f, const char *id, char *out, size_t size)
{
	AUTO(struct manifest_list, manifest_list_done) list = list_of(f, id, 1);
	snprintf(out, size, "manifests/%s.%s.%s", id, list.items[0].self.digest,
		 list.items[0].index.digest);
}

static void damage_is_found_and_mended_by_a_pull(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char id[DIGEST_HEX_SIZE], path[300];
	struct err err = { 0 };
	fixture_pulled(&f, "a", HERE, "1", id);
	AUTO(struct manifest_list, manifest_list_done) list = list_of(&f, id, 1);
	AUTO(struct buf, buf_done) bytes = { 0 };
	snprintf(path, sizeof(path), "blobs/sha256/%s", list.items[0].self.digest);
	fixture_damage(&f, path);
	assert_int_equal(manifest_read(&f.store, &list.items[0].self, &bytes, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, list.items[0].self.digest));
	assert_true(err.hint[0] != '\0');
	fixture_pulled(&f, "a", HERE, "1", id);
	buf_reset(&bytes);
	must(manifest_read(&f.store, &list.items[0].self, &bytes, &err), &err);

	damage_path(&f, id, path, sizeof(path));
	fixture_damage(&f, path);
	has_manifests(&f, id, 0);
	assert_int_equal(f.warnings, 1);
	assert_int_equal(fixture_count(&f, "quarantine"), 1);
	fixture_pulled(&f, "a", HERE, "1", id);
	has_manifests(&f, id, 1);
	fixture_close(&f);
}

static void lies_are_refused(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct manifest, manifest_done) manifest = { 0 };
	struct err err = { 0 };
	buf_add_str(&bytes, "{}");
	digest_of("{}", 2, manifest.self.digest);
	digest_of("x", 1, manifest.config.digest);
	manifest.self.size = 3;
	assert_int_equal(manifest_write(&f.store, &manifest, &bytes, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	manifest.self.size = 2;
	manifest.self.digest[0] ^= 1;
	assert_int_equal(manifest_write(&f.store, &manifest, &bytes, NULL, &err), -1);
	assert_int_equal(fixture_count(&f, "blobs/sha256"), 0);
	digest_of("{}", 2, manifest.self.digest);
	must(manifest_write(&f.store, &manifest, &bytes, NULL, &err), &err);
	/* No image: it goes with the next sweep, and its bytes with it. */
	must(layer_sweep(&f.store, NULL, NULL, &err), &err);
	assert_int_equal(fixture_count(&f, "manifests") + fixture_count(&f, "blobs/sha256"), 0);
	fixture_close(&f);
}

static void a_layer_without_a_part_is_set_aside(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f);
	char chain[DIGEST_HEX_SIZE] = "", diff_id[80], path[200];
	struct err err = { 0 };
	AUTO_FREE char *name = fixture_layer(&f, "a", chain, diff_id);
	must(layer_set_damaged_aside(&f.store, chain, &err), &err);
	assert_int_equal(fixture_count(&f, "layers"), 1);
	assert_int_equal(f.warnings, 0);
	const char *const parts[] = { "recipe", "record" };
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(path, sizeof(path), "layers/%s/%s", name, parts[i]);
		if (i == 0)
			assert_int_equal(unlinkat(f.store.root_fd, path, 0), 0);
		else
			fixture_damage(&f, path);
		must(layer_set_damaged_aside(&f.store, chain, &err), &err);
		assert_int_equal(fixture_count(&f, "layers"), 0);
		assert_int_equal(fixture_count(&f, "quarantine"), i + 1);
		assert_int_equal(f.warnings, i + 1);
		chain[0] = '\0';
		AUTO_FREE char *again = fixture_layer(&f, "a", chain, diff_id);
		assert_string_equal(again, name);
	}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_with_its_descriptors),
		cmocka_unit_test(digests_go_with_the_last_tag),
		cmocka_unit_test(an_index_may_have_several_images),
		cmocka_unit_test(damage_is_found_and_mended_by_a_pull),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(a_layer_without_a_part_is_set_aside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
