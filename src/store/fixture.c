/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' store: in /tmp, deleted at the end, independent of any other. */
#include "store/fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/warn.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct fixture *current;

static void count_warning(const char *text)
{
	(void)text;
	current->warnings++;
}

void fixture_reopen(struct fixture *fixture)
{
	struct err err = { 0 };
	if (store_open(fixture->root, fixture->run, &fixture->store, &err) < 0)
		fail_msg("%s", err.text);
}

static void open_in(struct fixture *fixture, const char *parent)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->parent = parent;
	snprintf(fixture->root, sizeof(fixture->root), "%songgi-test-store-XXXXXX", parent);
	assert_non_null(mkdtemp(fixture->root));
	snprintf(fixture->run, sizeof(fixture->run), "%.40s.run", fixture->root);
	current = fixture;
	warn_to(count_warning);
	fixture_reopen(fixture);
}

void fixture_open(struct fixture *fixture)
{
	open_in(fixture, "/tmp/");
}

void fixture_open_in_memory(struct fixture *fixture)
{
	open_in(fixture, access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : "/tmp/");
}

void fixture_close(struct fixture *fixture)
{
	store_close(&fixture->store);
	warn_to(NULL);
	struct err err = { 0 };
	AUTO_FD parent_fd = open(fixture->parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree_remove(parent_fd, fixture->root + strlen(fixture->parent), &err) < 0 ||
	    tree_remove(parent_fd, fixture->run + strlen(fixture->parent), &err) < 0)
		fail_msg("%s", err.text);
}

char *fixture_layer(struct fixture *fixture, const char *text, char chain[DIGEST_HEX_SIZE],
		    char out_diff_id[80])
{
	struct layer_staging staging;
	struct err err = { 0 };
	char hex[DIGEST_HEX_SIZE], next[DIGEST_HEX_SIZE];
	digest_of(text, strlen(text), hex);
	snprintf(out_diff_id, 80, "sha256:%s", hex);
	layer_chain_id(chain, out_diff_id, next);
	memcpy(chain, next, sizeof(next));
	if (layer_stage(&fixture->store, &staging, &err) < 0)
		fail_msg("%s", err.text);
	AUTO_FD fd = openat(staging.dir_fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	char *name = layer_commit(&fixture->store, &staging, chain, out_diff_id, strlen(text),
				  &err);
	if (name == NULL)
		fail_msg("%s", err.text);
	return name;
}

/* Commit the layers. @return owned config of an image of them */
static char *layers_and_config(struct fixture *fixture, const char *layers, struct strv *out_names)
{
	AUTO(struct image_config, image_config_done)
	config = {
		.os = mem_strdup("linux"),
		.architecture = mem_strdup("amd64"),
		.created = mem_strdup("2026-01-02T03:04:05.5Z"),
	};
	char chain[DIGEST_HEX_SIZE] = "", diff_id[80];
	for (const char *l = layers; *l != '\0'; l++) {
		char text[] = { *l, '\0' };
		strv_add_take(out_names, fixture_layer(fixture, text, chain, diff_id));
		strv_add(&config.diff_ids, diff_id);
	}
	strv_add(&config.cmd, "/bin/sh");
	return image_config_format(&config);
}

void fixture_image(struct fixture *fixture, const char *layers, const char *name,
		   char out_id[DIGEST_HEX_SIZE])
{
	AUTO(struct strv, strv_done) layer_names = { 0 };
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FREE char *json = layers_and_config(fixture, layers, &layer_names);
	struct err err = { 0 };
	if (name != NULL)
		strv_add(&names, name);
	if (image_add(&fixture->store, json, strlen(json), &layer_names, &names, out_id, &err) < 0)
		fail_msg("%s", err.text);
}

static void describe(struct manifest_blob *out, const char *type, const struct buf *bytes)
{
	snprintf(out->media_type, sizeof(out->media_type), "%s", type);
	digest_of(buf_str(bytes), bytes->len, out->digest);
	out->size = bytes->len;
}

void fixture_pulled(struct fixture *fixture, const char *layers, const char *repository,
		    const char *tag, char out_id[DIGEST_HEX_SIZE])
{
	AUTO(struct strv, strv_done) layer_names = { 0 };
	AUTO(struct buf, buf_done) config = { 0 };
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct buf, buf_done) index = { 0 };
	AUTO(struct manifest, manifest_done) manifest = { .layers_len = strlen(layers) };
	AUTO_FREE char *json = layers_and_config(fixture, layers, &layer_names);
	struct err err = { 0 };
	buf_add_str(&config, json);
	buf_addf(&bytes, "{manifest %s}", layers);
	buf_add_str(&index, "{index}");
	describe(&manifest.self, "application/vnd.oci.image.manifest.v1+json", &bytes);
	describe(&manifest.index, "application/vnd.oci.image.index.v1+json", &index);
	describe(&manifest.config, "application/vnd.oci.image.config.v1+json", &config);
	manifest.layers = mem_alloc(manifest.layers_len + 1, sizeof(*manifest.layers));
	for (size_t i = 0; i < manifest.layers_len; i++) {
		digest_of(layers + i, 1, manifest.layers[i].digest);
		manifest.layers[i].size = i + 1;
	}
	struct image_pulled pulled = {
		.config = &config,
		.layers = &layer_names,
		.repository = repository,
		.tag = tag,
		.manifest = &manifest,
		.manifest_bytes = &bytes,
		.index_bytes = &index,
	};
	if (image_add_pulled(&fixture->store, &pulled, out_id, &err) < 0)
		fail_msg("%s", err.text);
}

struct container fixture_container(const char *name, const char *image_id, bool is_throwaway)
{
	struct container container = {
		.name = mem_strdup(name),
		.image = mem_strdup(image_id != NULL ? "debian" : NULL),
		.image_id = mem_strdup(image_id),
		.rootfs = mem_strdup(image_id != NULL ? NULL : "/"),
		.is_throwaway = is_throwaway,
		.cgroup_path = mem_strdup("/onggi/x"),
		.created_ns = clock_realtime_ns(),
		.details_json = mem_strdup("{\"HostConfig\":{\"Memory\":18446744073709551615}}"),
	};
	id_new(container.id);
	strv_add(&container.args, "sh");
	strv_add(&container.args, "-c \"x\"\n\xff");
	strv_add(&container.labels, "a=b");
	return container;
}

size_t fixture_count(struct fixture *fixture, const char *path)
{
	AUTO(struct strv, strv_done) names = { 0 };
	struct err err = { 0 };
	bool is_run = strncmp(path, "run:", 4) == 0;
	int dir_fd = is_run ? fixture->store.run_fd : fixture->store.root_fd;
	if (scan_names(dir_fd, path + (is_run ? 4 : 0), &names, &err) < 0)
		fail_msg("%s", err.text);
	return names.len;
}

void fixture_damage(struct fixture *fixture, const char *path)
{
	char byte = '#';
	AUTO_FD fd = openat(fixture->store.root_fd, path, O_WRONLY | O_CLOEXEC);
	struct stat st;
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_int_equal(pwrite(fd, &byte, 1, st.st_size / 2), 1);
}
