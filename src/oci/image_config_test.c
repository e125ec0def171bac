/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/image_config.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DIFF   "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF "\"]}"

static int parse(const char *json, struct image_config *out, struct err *err)
{
	return image_config_parse(json, strlen(json), out, err);
}

static void reads_what_docker_writes(void **state)
{
	(void)state;
	static const char json[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-02T03:04:05Z\","
		"\"container_config\":{\"Cmd\":1},\"config\":{\"Hostname\":\"\",\"User\":\"\","
		"\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"sh\"],"
		"\"Entrypoint\":null,\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/srv\","
		"\"Labels\":{\"a\":\"b=c\"},\"StopSignal\":\"SIGINT\",\"ArgsEscaped\":true,"
		"\"Shell\":[\"/bin/sh\",\"-c\"]}," ROOTFS
		",\"history\":[{\"created_by\":\"ADD\"},{\"empty_layer\":true}]}";
	AUTO(struct image_config, image_config_done) c = { 0 };
	struct err err = { 0 };
	if (parse(json, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(c.architecture, "amd64");
	assert_null(c.user);
	assert_string_equal(c.working_dir, "/srv");
	assert_string_equal(c.exposed_ports.items[0], "80/tcp");
	assert_string_equal(c.volumes.items[0], "/data");
	assert_string_equal(c.labels.items[0], "a=b=c");
	assert_int_equal(c.entrypoint.len, 0);
	assert_string_equal(c.diff_ids.items[0], DIFF);
	assert_int_equal(c.history_len, 2);
	assert_string_equal(c.history[0].created_by, "ADD");
	assert_null(c.history[1].created_by);
	assert_true(c.history[1].is_empty);
	assert_true(c.args_escaped);

	/* Our own form is stable, and says the same. */
	AUTO_FREE char *text = image_config_format(&c);
	AUTO(struct image_config, image_config_done) again = { 0 };
	if (parse(text, &again, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	AUTO_FREE char *text_again = image_config_format(&again);
	assert_string_equal(text, text_again);
	assert_string_equal(again.labels.items[0], "a=b=c");
}

static void refuses_with_the_path(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "[]", "rootfs: missing" },
		{ "{}", "rootfs: missing" },
		{ "{\"rootfs\":{\"diff_ids\":[]}}", "rootfs.type: missing" },
		{ "{\"rootfs\":{\"type\":\"x\"}}", "rootfs.type: expected" },
		{ "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:12\"]}}",
		  "rootfs.diff_ids[0]: not a sha256 digest" },
		{ "{\"config\":{\"Env\":[1]}," ROOTFS "}", "config.Env[0]: expected a string" },
		{ "{\"config\":{\"User\":[]}," ROOTFS "}", "config.User: expected a string" },
		{ "{\"config\":{\"User\":\"a\",\"User\":\"root\"}," ROOTFS "}",
		  "config: a key occurs twice" },
		{ "{\"config\":[]," ROOTFS "}", "config: expected an object" },
		{ "{\"config\":{\"Labels\":{\"a=b\":\"c\"}}," ROOTFS "}", "a '=' in a key" },
		{ "{\"history\":[{\"created_by\":1}]," ROOTFS "}", "history[0].created_by" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct image_config, image_config_done) c = { 0 };
		struct err err = { 0 };
		assert_int_equal(parse(rows[i][0], &c, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], err.text);
	}
}

static void limits_the_layers(void **state)
{
	(void)state;
	for (unsigned layers = IMAGE_LAYERS_MAX; layers <= IMAGE_LAYERS_MAX + 1; layers++) {
		AUTO(struct image_config, image_config_done) c = { 0 }, out = { 0 };
		struct err err = { 0 };
		for (unsigned i = 0; i < layers; i++)
			strv_add(&c.diff_ids, DIFF);
		AUTO_FREE char *json = image_config_format(&c);
		assert_int_equal(parse(json, &out, &err), layers > IMAGE_LAYERS_MAX ? -1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_docker_writes),
		cmocka_unit_test(refuses_with_the_path),
		cmocka_unit_test(limits_the_layers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
