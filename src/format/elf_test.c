/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "format/elf.h"
#include "format/elf_sample.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const struct elf_sample full = {
	.type = ET_DYN,
	.machine = EM_X86_64,
	.interpreter = "/lib64/ld-linux-x86-64.so.2",
	.soname = "libself.so.1",
	.rpath = "/old",
	.needed = { "libc.so.6", "libm.so.6" },
	.flags_1 = DF_1_NODEFLIB,
};

static void expect_sample(const struct elf_sample *sample)
{
	AUTO(struct buf, buf_done) bytes = { 0 };
	AUTO(struct elf, elf_done) elf = { 0 };
	struct err err = { 0 };
	elf_sample_build(sample, &bytes);
	if (elf_parse(bytes.data, bytes.len, &elf, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(elf.bits, sample->bits == 32 ? 32 : 64);
	assert_int_equal(elf.is_big_endian, sample->is_big_endian);
	assert_int_equal(elf.machine, sample->machine);
	assert_string_equal(elf.interpreter, "/lib64/ld-linux-x86-64.so.2");
	assert_string_equal(elf.soname, "libself.so.1");
	assert_int_equal(elf.needed.len, 2);
	assert_string_equal(elf.needed.items[0], "libc.so.6");
	assert_string_equal(elf.needed.items[1], "libm.so.6");
	assert_true(elf.is_dynamic && elf.is_nodeflib);
	if (sample->runpath != NULL) {
		assert_string_equal(elf.runpath, sample->runpath);
		assert_null(elf.rpath); /* overruled */
	} else {
		assert_string_equal(elf.rpath, sample->rpath);
	}
}

static void all_four_layouts(void **state)
{
	(void)state;
	for (int bits = 32; bits <= 64; bits += 32) {
		for (int big = 0; big <= 1; big++) {
			struct elf_sample sample = full;
			sample.bits = bits;
			sample.is_big_endian = big;
			expect_sample(&sample);
			sample.runpath = "$ORIGIN/../lib:/opt";
			expect_sample(&sample);
		}
	}
}

static void own_executable(void **state)
{
	(void)state;
	AUTO(struct elf, elf_done) elf = { 0 };
	struct err err = { 0 };
	AUTO_FD fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (elf_read(fd, &elf, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(elf_machine_is_ours(&elf));
	assert_string_equal(elf_machine_name(&elf), elf_own_machine_name());
}

static void not_elf(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "#!/bin/sh\n", "\177EL", "\177ELF" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct elf elf = { 0 };
		struct err err = { 0 };
		assert_int_equal(elf_parse(texts[i], strlen(texts[i]), &elf, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_null(elf.interpreter);
	}
}

static void foreign_machines_have_names(void **state)
{
	(void)state;
	struct elf s390 = { .bits = 64, .is_big_endian = true, .machine = EM_S390 };
	struct elf unknown = { .bits = 64, .machine = 0x1234 };
	assert_string_equal(elf_machine_name(&s390), "s390x");
	assert_string_equal(elf_machine_goarch(&s390), "s390x");
	assert_string_equal(elf_machine_name(&unknown), "an unknown architecture");
	assert_null(elf_machine_goarch(&unknown));
	assert_false(elf_machine_is_ours(&unknown));
}

/* Every prefix of a good file is refused or read, never read beyond. ASan watches: the copy is
 * exactly as long as what the parser is told. */
static void every_prefix(void **state)
{
	(void)state;
	AUTO(struct buf, buf_done) bytes = { 0 };
	elf_sample_build(&full, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		AUTO(struct elf, elf_done) elf = { 0 };
		AUTO_FREE char *copy = mem_alloc(len > 0 ? len : 1, 1);
		memcpy(copy, bytes.data, len);
		assert_int_equal(elf_parse(copy, len, &elf, NULL), -1);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A few bytes changed, with a liking for extreme values: lengths and offsets become absurd. */
static void mutations(void **state)
{
	(void)state;
	static const unsigned char extremes[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	size_t accepted = 0;
	for (int round = 0; round < 100000; round++) {
		AUTO(struct buf, buf_done) bytes = { 0 };
		AUTO(struct elf, elf_done) elf = { 0 };
		struct elf_sample sample = full;
		sample.bits = round % 2 != 0 ? 32 : 64;
		sample.is_big_endian = round / 2 % 2 != 0;
		elf_sample_build(&sample, &bytes);
		AUTO_FREE char *copy = mem_dup(bytes.data, bytes.len);
		for (uint64_t n = 1 + next_random(&seed) % 6; n > 0; n--) {
			uint64_t r = next_random(&seed);
			copy[r % bytes.len] =
				(char)(r >> 40 & 1 ? extremes[(r >> 48) % sizeof(extremes)]
						   : (unsigned char)(r >> 56));
		}
		accepted += elf_parse(copy, bytes.len, &elf, NULL) == 0;
	}
	/* Both happen, or the mutations miss the point. */
	assert_true(accepted > 1000 && accepted < 99000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_four_layouts), cmocka_unit_test(own_executable),
		cmocka_unit_test(not_elf),          cmocka_unit_test(foreign_machines_have_names),
		cmocka_unit_test(every_prefix),     cmocka_unit_test(mutations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
