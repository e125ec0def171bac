/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/mem.h"
#include "engine/load.h"
#include "engine/pack.h"
#include "engine/pack/trace.h"
#include "format/elf.h"
#include "format/elf_sample.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * Programs and libraries that are nothing but headers, in a directory of their own; what pack
 * says of them, and the archive it sends to the import (which this file stands in for).
 */

static char top[] = "/tmp/pack-XXXXXX";
static int top_fd = -1;
static char archive_digest[DIGEST_HEX_SIZE];
static uint64_t archive_bytes;
static char *config_entrypoint, *config_path;
static bool archive_is_spoiled;

int engine_import(struct engine *engine, int archive_fd, const struct image_config *config,
		  const char *name, char out_id[65], struct err *err)
{
	struct digest digest;
	char chunk[65536];
	(void)engine;
	(void)err;
	assert_string_equal(name, "test");
	digest_init(&digest);
	archive_bytes = 0;
	archive_is_spoiled = false;
	for (ssize_t n; (n = read(archive_fd, chunk, sizeof(chunk))) > 0;
	     archive_bytes += (size_t)n) {
		digest_add(&digest, chunk, (size_t)n);
		archive_is_spoiled |= memchr(chunk, 0xff, (size_t)n) != NULL;
	}
	digest_hex(&digest, archive_digest);
	free(config_entrypoint);
	free(config_path);
	config_entrypoint = mem_strdup(config->entrypoint.items[0]);
	config_path = mem_strdup(strv_env_get(&config->env, "PATH"));
	memcpy(out_id, archive_digest, sizeof(archive_digest));
	return 0;
}

static int make_top(void **state)
{
	(void)state;
	memcpy(top + strlen(top) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(top));
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return top_fd >= 0 ? 0 : -1;
}

static int remove_top(void **state)
{
	(void)state;
	fd_close(&top_fd);
	free(config_entrypoint);
	free(config_path);
	config_entrypoint = NULL;
	config_path = NULL;
	AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp_fd, strrchr(top, '/') + 1, NULL);
}

static void put(const char *path, mode_t mode, const void *data, size_t len)
{
	AUTO_FD made_fd = rooted_mkfile(top_fd, path, 0600, NULL);
	assert_true(made_fd >= 0);
	AUTO_FD fd = openat(top_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void put_elf(const char *path, struct elf_sample sample)
{
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct elf, elf_done) own = { 0 };
	AUTO_FD own_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(elf_read(own_fd, &own, NULL), 0);
	if (sample.machine == 0) {
		sample.machine = own.machine;
		sample.bits = own.bits;
		sample.is_big_endian = own.is_big_endian;
	}
	sample.type = ET_DYN;
	elf_sample_build(&sample, &bytes);
	put(path, 0755, bytes.data, bytes.len);
}

/* "prog" in the directory becomes its full path. Borrowed until the next call. */
static const char *full(const char *path)
{
	static char text[4][256];
	static size_t next;
	next = (next + 1) % ARRAY_LEN(text);
	snprintf(text[next], sizeof(text[0]), "%s/%s", top, path);
	return text[next];
}

static int pack(const char *program, const char *add, const char *name, struct pack_result *out,
		struct err *err)
{
	AUTO(struct strv, strv_done) programs = { 0 };
	AUTO(struct strv, strv_done) extra = { 0 };
	strv_add(&programs, program);
	if (add != NULL)
		strv_add(&extra, add);
	const struct pack_options options = { .programs = &programs,
					      .extra_files = &extra,
					      .search_path = full("bin"),
					      .name = name };
	return engine_pack(NULL, &options, out, err);
}

static const struct pack_reason *reason_of(const struct pack_result *result, const char *path)
{
	for (size_t i = 0; i < result->reasons_len; i++)
		if (strcmp(result->reasons[i].path, path) == 0)
			return &result->reasons[i];
	return NULL;
}

static void expect_reason(const struct pack_result *result, const char *path, const char *kind,
			  const char *needed_by)
{
	const struct pack_reason *reason = reason_of(result, full(path));
	if (reason == NULL)
		fail_msg("%s is not packed", path);
	assert_string_equal(reason->kind, kind);
	assert_string_equal(reason->needed_by, needed_by);
}

static void pack_ok(const char *program, struct pack_result *out)
{
	struct err err = { 0 };
	if (pack(program, NULL, NULL, out, &err) < 0)
		fail_msg("%s", err.text);
}

static void runpath_is_for_direct_needs(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	struct err err = { 0 };
	put_elf("bin/prog",
		(struct elf_sample){ .runpath = "$ORIGIN/../lib", .needed = { "liba.so" } });
	put_elf("lib/liba.so", (struct elf_sample){ .needed = { "libdeep.so" } });
	put_elf("lib/libdeep.so", (struct elf_sample){ 0 });
	/* DT_RUNPATH of the program does not count for what its libraries need. */
	assert_int_equal(pack(full("bin/prog"), NULL, NULL, &result, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "liba.so needs the library libdeep.so"));
	assert_null(result.reasons);
}

static void rpath_is_inherited(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	put_elf("bin/prog", (struct elf_sample){ .rpath = "/nowhere:${ORIGIN}/../lib",
						 .needed = { "liba.so" } });
	put_elf("lib/liba.so", (struct elf_sample){ .needed = { "libdeep.so" } });
	put_elf("lib/libdeep.so", (struct elf_sample){ 0 });
	pack_ok(full("bin/prog"), &result);
	expect_reason(&result, "bin/prog", "program", PACK_COMMAND_LINE);
	/* The way through "..": the path in the image has none. */
	expect_reason(&result, "lib/liba.so", "library", full("bin/prog"));
	expect_reason(&result, "lib/libdeep.so", "library", full("lib/liba.so"));
}

static void foreign_libraries_are_passed_over(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	struct elf_sample foreign = { .machine = EM_S390, .bits = 64, .is_big_endian = true };
	put_elf("bin/prog", (struct elf_sample){ .runpath = "$ORIGIN/../other:$ORIGIN/../lib",
						 .needed = { "liba.so" } });
	put_elf("other/liba.so", foreign);
	put_elf("lib/liba.so", (struct elf_sample){ 0 });
	pack_ok(full("bin/prog"), &result);
	expect_reason(&result, "lib/liba.so", "library", full("bin/prog"));
	assert_null(reason_of(&result, full("other/liba.so")));
}

static void first_file_of_a_name_serves_all(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	put_elf("bin/prog", (struct elf_sample){ .runpath = "$ORIGIN/../lib",
						 .needed = { "liba.so", "libb.so" } });
	put_elf("lib/liba.so", (struct elf_sample){ .soname = "libshared.so.1" });
	put_elf("lib/libb.so", (struct elf_sample){ .needed = { "libshared.so.1" } });
	pack_ok(full("bin/prog"), &result);
	/* liba.so answers to its DT_SONAME: nothing else is looked for. */
	const struct pack_reason *reason = reason_of(&result, full("lib/liba.so"));
	assert_non_null(reason);
	assert_int_equal(reason->also_needed_by.len, 1);
	assert_string_equal(reason->also_needed_by.items[0], full("lib/libb.so"));
}

static void symlinks_stay_symlinks(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	put_elf("real/lib/liba.so.1.2", (struct elf_sample){ 0 });
	assert_int_equal(symlinkat("liba.so.1.2", top_fd, "real/lib/liba.so.1"), 0);
	assert_int_equal(symlinkat("real/lib", top_fd, "lib"), 0);
	put_elf("bin/prog",
		(struct elf_sample){ .runpath = "$ORIGIN/../lib", .needed = { "liba.so.1" } });
	pack_ok(full("bin/prog"), &result);
	expect_reason(&result, "lib", "symlink", full("bin/prog"));
	expect_reason(&result, "real/lib/liba.so.1", "symlink", full("bin/prog"));
	expect_reason(&result, "real/lib/liba.so.1.2", "library", full("bin/prog"));
}

static void hwcaps_variants_come_along(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	put_elf("bin/prog",
		(struct elf_sample){ .runpath = "$ORIGIN/../lib", .needed = { "liba.so" } });
	put_elf("lib/liba.so", (struct elf_sample){ 0 });
	put_elf("lib/glibc-hwcaps/x86-64-v3/liba.so", (struct elf_sample){ 0 });
	pack_ok(full("bin/prog"), &result);
	expect_reason(&result, "lib/glibc-hwcaps/x86-64-v3/liba.so", "library", full("bin/prog"));
}

static void scripts_bring_their_interpreters(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) result = { 0 };
	AUTO_FREE char *middle = mem_printf("#!%s -x\n", full("bin/lang"));
	put_elf("bin/lang", (struct elf_sample){ 0 });
	put("bin/middle", 0755, middle, strlen(middle));
	put("prog", 0755, "#!/usr/bin/env middle\n", 22);
	pack_ok(full("prog"), &result);
	expect_reason(&result, "prog", "program", PACK_COMMAND_LINE);
	expect_reason(&result, "bin/middle", "interpreter", full("prog"));
	expect_reason(&result, "bin/lang", "interpreter", full("bin/middle"));
	assert_non_null(reason_of(&result, "/usr/bin/env"));
}

static void refusals(void **state)
{
	(void)state;
	struct pack_result result = { 0 };
	struct err err = { 0 };
	put_elf("bin/foreign",
		(struct elf_sample){ .machine = EM_S390, .bits = 64, .is_big_endian = true });
	put("bin/data", 0755, "hello\n", 6);
	put("bin/loop", 0755, "", 0);
	AUTO_FREE char *loop = mem_printf("#!%s\n", full("bin/loop"));
	put("bin/loop", 0755, loop, strlen(loop));
	put("bin/lost", 0755, "#!/no/such/interpreter\n", 23);
	static const struct {
		const char *program, *text;
	} cases[] = {
		{ "none", "no program \"none\" in PATH" },
		{ "foreign", "is a program for s390x" },
		{ "data", "neither an ELF program nor a script" },
		{ "lost", "/no/such/interpreter" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(pack(cases[i].program, NULL, NULL, &result, &err), -1);
		if (strstr(err.text, cases[i].text) == NULL)
			fail_msg("\"%s\" does not contain \"%s\"", err.text, cases[i].text);
	}
	/* A script that is its own interpreter is one file, and done. */
	pack_ok("loop", &result);
	pack_result_done(&result);
}

static void same_archive_each_time(void **state)
{
	(void)state;
	AUTO(struct pack_result, pack_result_done) first = { 0 };
	AUTO(struct pack_result, pack_result_done) second = { 0 };
	struct err err = { 0 };
	put_elf("bin/prog",
		(struct elf_sample){ .runpath = "$ORIGIN/../lib", .needed = { "liba.so" } });
	put_elf("lib/liba.so", (struct elf_sample){ 0 });
	assert_int_equal(fchmodat(top_fd, "bin/prog", 06755, 0), 0);
	put("data/x/y", 0640, "y", 1);
	put("data/a", 0600, "a", 1);
	AUTO_FREE char *add = mem_printf("%s:/opt/data", full("data"));
	if (pack("prog", add, "test", &first, &err) < 0)
		fail_msg("%s", err.text);
	/* New times and another order of directory entries: the same bytes. */
	assert_int_equal(utimensat(top_fd, "bin/prog", NULL, 0), 0);
	assert_int_equal(renameat(top_fd, "data/a", top_fd, "data/b"), 0);
	assert_int_equal(renameat(top_fd, "data/b", top_fd, "data/a"), 0);
	assert_int_equal(pack("prog", add, "test", &second, &err), 0);
	assert_string_equal(first.id, second.id);
	assert_string_equal(config_entrypoint, full("bin/prog"));
	assert_non_null(strstr(config_path, ":/usr/bin:"));
	assert_non_null(strstr(config_path, full("bin")));
	const struct pack_reason *reason = reason_of(&first, "/opt/data/x/y");
	assert_non_null(reason);
	assert_string_equal(reason->kind, "added");
	assert_int_equal(reason->size_bytes, 1);
}

/* A file that cannot be read to its end must not make a shorter image. Files of sysfs say 4096
 * bytes and have less. */
static void writer_failure_is_an_error(void **state)
{
	(void)state;
	static const char lying[] = "/sys/kernel/uevent_seqnum:/x";
	struct pack_result result = { 0 };
	struct err err = { 0 };
	if (access("/sys/kernel/uevent_seqnum", R_OK) < 0) {
		print_message("no sysfs here: skipped\n");
		skip();
	}
	put_elf("bin/prog", (struct elf_sample){ 0 });
	assert_int_equal(pack("prog", lying, "test", &result, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "pack: "));
	assert_true(archive_is_spoiled);
	assert_null(result.reasons);
}

static void trace_sees_opens_and_execs(void **state)
{
	(void)state;
	AUTO(struct pack_trace, pack_trace_done) trace = { 0 };
	struct err err = { 0 };
	put("note", 0644, "note\n", 5);
	AUTO_FREE char *script = mem_printf(
		"cd %s; read x < note; : > made; test -f seen; exec /bin/true; exit 9", top);
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, script, NULL };
	put("seen", 0644, "", 0);
	bool has_seen = false, has_note = false, has_made = false, has_true = false;
	if (pack_trace_run("/bin/sh", argv, &trace, &err) < 0) {
		print_message("cannot trace here (%s): skipped\n", err.text);
		skip();
	}
	assert_int_equal(trace.exit_code, 0);
	for (size_t i = 0; i < trace.len; i++) {
		has_note |= strcmp(trace.files[i].path, full("note")) == 0;
		has_seen |= strcmp(trace.files[i].path, full("seen")) == 0 &&
			    trace.files[i].use == PACK_EXAMINED;
		has_made |= strcmp(trace.files[i].path, full("made")) == 0;
		has_true |= strcmp(trace.files[i].path, "/bin/true") == 0 &&
			    trace.files[i].use == PACK_EXECUTED;
	}
	assert_true(has_note && has_seen && has_true);
	assert_false(has_made); /* an output is not needed to start */
	assert_true(trace.files[0].use == PACK_EXECUTED);
}

static void trace_tells_status_and_refusal(void **state)
{
	(void)state;
	AUTO(struct pack_trace, pack_trace_done) trace = { 0 };
	struct err err = { 0 };
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ "kill -9 $$" }, NULL };
	put("plain", 0644, "x", 1);
	assert_int_equal(pack_trace_run(full("plain"), argv, &trace, &err), -1);
	assert_int_equal(err.errnum, EACCES);
	if (pack_trace_run("/bin/sh", argv, &trace, &err) == 0)
		assert_int_equal(trace.exit_code, 128 + 9);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_top, remove_top)
	const struct CMUnitTest tests[] = {
		TEST(runpath_is_for_direct_needs),
		TEST(rpath_is_inherited),
		TEST(foreign_libraries_are_passed_over),
		TEST(first_file_of_a_name_serves_all),
		TEST(symlinks_stay_symlinks),
		TEST(hwcaps_variants_come_along),
		TEST(scripts_bring_their_interpreters),
		TEST(refusals),
		TEST(same_archive_each_time),
		TEST(writer_failure_is_an_error),
		TEST(trace_sees_opens_and_execs),
		TEST(trace_tells_status_and_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
