/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load and import against a real store and the real worker. Needs root; skips without.
 */
#include "engine/engine.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	struct engine engine;
};

/* Tests are built in src/, the worker in src/bin/. */
static char *find_worker(void)
{
	char self[4000] = { 0 }, *slash, *path = NULL;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 ||
	    (slash = strrchr(self, '/')) == NULL)
		return NULL;
	*slash = '\0';
	return asprintf(&path, "%s/bin", self) < 0 ? NULL : path;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = { 0 };
	char root[96], run[96];
	*state = f;
	if (geteuid() != 0)
		return 0;
	snprintf(f->dir, sizeof(f->dir), "/tmp/onggi-load-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(root, sizeof(root), "%s/root", f->dir);
	snprintf(run, sizeof(run), "%s/run", f->dir);
	if (engine_open(root, run, &f->engine, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	free(f->engine.libexec_path);
	f->engine.libexec_path = find_worker();
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	if (geteuid() == 0) {
		engine_close(&f->engine);
		AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(tree_remove(tmp_fd, f->dir + strlen("/tmp/"), NULL), 0);
	}
	free(f);
	return 0;
}

static struct engine *engine_or_skip(void **state)
{
	struct fixture *f = *state;
	if (geteuid() != 0) {
		print_message("load needs root: skipped\n");
		skip();
	}
	return &f->engine;
}

static void embedded_image_is_loaded_once(void **state)
{
	struct engine *engine = engine_or_skip(state);
	struct err err = { 0 };
	struct image image = { 0 };
	assert_int_equal(engine_load_embedded(engine, &err), 0);
	assert_int_equal(image_find(&engine->store, "onggi/jar", &image, &err), 0);
	assert_int_equal(image.layers.len, 1);
	assert_string_equal(image.config.cmd.items[0], "/bin/hello");
	image_done(&image);
	assert_int_equal(engine_load_embedded(engine, &err), 0);
}

static void garbage_leaves_nothing(void **state)
{
	struct engine *engine = engine_or_skip(state);
	struct err err = { 0 };
	struct load_result result = { 0 };
	struct image_list list = { 0 };
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(write(fds[1], "x", 1), 1);
	close(fds[1]);
	assert_int_equal(engine_load(engine, fds[0], NULL, NULL, &result, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "checksum"));
	close(fds[0]);
	assert_int_equal(image_list(&engine->store, &list, &err), 0);
	assert_int_equal(list.len, 0);
	image_list_done(&list);
}

static void empty_tar_imports_and_reloads(void **state)
{
	struct engine *engine = engine_or_skip(state);
	struct err err = { 0 };
	struct image_config config = { 0 };
	static const char zeros[1024];
	char id[65];
	int fds[2];
	config.os = strdup("linux");
	config.architecture = strdup("amd64");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], zeros, sizeof(zeros)), sizeof(zeros));
	close(fds[1]);
	int rc = engine_import(engine, fds[0], &config, "empty:1", id, &err);
	close(fds[0]);
	if (rc < 0)
		print_message("%s\n", err.text);
	assert_int_equal(rc, 0);
	struct image image = { 0 };
	assert_int_equal(image_find(&engine->store, "empty:1", &image, &err), 0);
	assert_string_equal(image.id, id);
	image_done(&image);
	image_config_done(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(embedded_image_is_loaded_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(empty_tar_imports_and_reloads, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
