/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "format/ldcache.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct ldcache_entry some[] = {
	{ .name = "liba.so.2", .path = "/usr/lib/liba.so.2", .flags = 0x303 },
	{ .name = "liba.so.10", .path = "/usr/lib/liba.so.10", .flags = 0x303 },
	{ .name = "libc.so.6", .path = "/lib/libc.so.6", .flags = 0x303 },
	{ .name = "libc.so.6", .path = "/lib32/libc.so.6", .flags = 0x003 },
};

static void put_u32(struct buf *out, uint32_t value)
{
	buf_add(out, &value, sizeof(value));
}

/* What ldconfig of glibc < 2.32 writes: 12 bytes per entry, strings counted from their start. */
static void build_old(struct buf *out)
{
	buf_add(out, "ld.so-1.7.0\0", 12);
	put_u32(out, 1);
	put_u32(out, 3);
	put_u32(out, 0);
	put_u32(out, 10);
	buf_add(out, "libx.so.1\0/lib/libx.so.1", 25);
}

/* One entry, in a hwcaps subdirectory, with the extension section that names it. */
static void build_hwcaps(struct buf *out)
{
	buf_add_str(out, "glibc-ld.so.cache1.1");
	put_u32(out, 1);
	put_u32(out, 0);
	put_u32(out, 0); /* byte order not said */
	put_u32(out, 72 + 32);
	buf_add(out, (const char[12]){ 0 }, 12);
	put_u32(out, 0x303);
	put_u32(out, 72);
	put_u32(out, 77);
	put_u32(out, 0);
	put_u32(out, 0);
	put_u32(out, 1u << 30);
	buf_add(out, "liby\0/v3/liby\0x86-64-v3\0\0\0\0\0\0\0\0", 32);
	put_u32(out, 0xeaa42174u);
	put_u32(out, 1);
	put_u32(out, 1);
	put_u32(out, 0);
	put_u32(out, 72 + 32 + 24);
	put_u32(out, 4);
	put_u32(out, 86);
}

static void parse(const struct buf *bytes, struct ldcache *out)
{
	struct err err = { 0 };
	if (ldcache_parse(bytes->data, bytes->len, out, &err) < 0)
		fail_msg("%s", err.text);
}

static void written_and_read_back(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	ldcache_format(some, ARRAY_LEN(some), &bytes);
	parse(&bytes, &cache);
	assert_int_equal(cache.entries_len, 4);
	/* The loader's order descends, and 10 is more than 2. */
	assert_string_equal(cache.entries[0].name, "libc.so.6");
	assert_string_equal(cache.entries[0].path, "/lib/libc.so.6");
	assert_int_equal(cache.entries[0].flags, 0x303);
	assert_string_equal(cache.entries[1].path, "/lib32/libc.so.6");
	assert_string_equal(cache.entries[2].name, "liba.so.10");
	assert_string_equal(cache.entries[3].name, "liba.so.2");
	assert_null(cache.entries[3].hwcaps);
}

static void old_format(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	build_old(&bytes);
	parse(&bytes, &cache);
	assert_int_equal(cache.entries_len, 1);
	assert_string_equal(cache.entries[0].name, "libx.so.1");
	assert_string_equal(cache.entries[0].path, "/lib/libx.so.1");
}

static void new_behind_old(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	buf_add(&bytes, "ld.so-1.7.0\0", 12);
	put_u32(&bytes, 1);
	buf_add(&bytes, (const char[12]){ 0 }, 12); /* one entry; then aligned to 8 */
	buf_add(&bytes, (const char[4]){ 0 }, 4);
	ldcache_format(some, 1, &bytes);
	parse(&bytes, &cache);
	assert_int_equal(cache.entries_len, 1);
	assert_string_equal(cache.entries[0].name, "liba.so.2");
}

static void hwcaps_names(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	build_hwcaps(&bytes);
	parse(&bytes, &cache);
	assert_int_equal(cache.entries_len, 1);
	assert_string_equal(cache.entries[0].path, "/v3/liby");
	assert_string_equal(cache.entries[0].hwcaps, "x86-64-v3");
}

static void own_cache(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	AUTO_FD fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		print_message("no /etc/ld.so.cache here: skipped\n");
		skip();
	}
	assert_int_equal(fd_read_all(fd, LDCACHE_MAX, "cache", &bytes, NULL), 0);
	parse(&bytes, &cache);
	assert_true(cache.entries_len > 0);
	for (size_t i = 0; i < cache.entries_len; i++)
		assert_int_equal(cache.entries[i].path[0], '/');
}

static void damaged(void **state)
{
	(void)state;
	void (*const builders[])(struct buf *) = { build_old, build_hwcaps };
	uint32_t seed = 12345;
	for (int round = 0; round < 100000; round++) {
		AUTO(struct buf, buf_done) bytes = { 0 };
		AUTO(struct ldcache, ldcache_done) cache = { 0 };
		builders[round % 2](&bytes);
		for (int n = 0; n < 4; n++) {
			seed = seed * 1664525u + 1013904223u;
			bytes.data[(seed >> 8) % bytes.len] = (char)(round % 3 == 0 ? 0xff : seed);
		}
		size_t len = round % 5 == 0 ? (seed >> 4) % bytes.len : bytes.len;
		if (ldcache_parse(bytes.data, len, &cache, NULL) < 0)
			continue;
		for (size_t i = 0; i < cache.entries_len; i++)
			assert_true(strlen(cache.entries[i].path) <= bytes.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read_back),
		cmocka_unit_test(old_format),
		cmocka_unit_test(new_behind_old),
		cmocka_unit_test(hwcaps_names),
		cmocka_unit_test(own_cache),
		cmocka_unit_test(damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
