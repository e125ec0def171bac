/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/seccomp/profile.h"

#include "base/mem.h"
#include "kernel/caps/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <linux/seccomp.h>

#include <cmocka.h>

/* A profile is made of a tail of its root, or of one entry of "syscalls". */
#define ROOT(text)  "{\"defaultAction\":\"SCMP_ACT_ALLOW\"," text "}"
#define ENTRY(text) ROOT("\"syscalls\":[" text "]")
#define ALLOW(text) ENTRY("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"," text "}")
#define ARG(text)   ALLOW("\"args\":[{" text "}]")

static const struct {
	const char *json;
	const char *place; /* part of the message */
} bad_profiles[] = {
	{ "", "" },
	{ "[]", "expected an object" },
	{ "{", "" },
	{ "{}", "defaultAction: " },
	{ "{\"defaultAction\":1}", "defaultAction: " },
	{ "{\"defaultAction\":\"ALLOW\"}", "defaultAction: unknown action" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_KILL\"}", "twice" },
	{ ROOT("\"defaultErrnoRet\":1"), "defaultErrnoRet: " },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "defaultErrnoRet: " },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "defaultErrnoRet: " },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "defaultAction: " },
	{ ALLOW("\"x\":1"), "syscalls[0].x: unknown property" },
	{ ROOT("\"flags\":[\"SECCOMP_FILTER_FLAG_X\"]"), "flags[0]: " },
	{ ROOT("\"flags\":\"x\""), "flags: " },
	{ ROOT("\"architectures\":[\"SCMP_ARCH_X86\",\"amd64\"]"), "architectures[1]: " },
	{ ROOT("\"archMap\":[],\"architectures\":[]"), "architectures: " },
	{ ROOT("\"archMap\":[{}]"), "archMap[0].architecture: " },
	{ ROOT("\"archMap\":[{\"architecture\":\"VAX\"}]"), "archMap[0].architecture: " },
	{ ROOT("\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":"
	       "[\"VAX\"]}]"),
	  "archMap[0].subArchitectures[0]: " },
	{ ROOT("\"syscall\":[]"), "syscall: unknown property" },
	{ ROOT("\"syscalls\":{}"), "syscalls: " },
	{ ENTRY("1"), "syscalls[0]" },
	{ ENTRY("{}"), "syscalls[0]: " },
	{ ENTRY("{\"names\":[\"read\"]}"), "syscalls[0].action: " },
	{ ENTRY("{\"names\":[\"read\"],\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"}"),
	  "syscalls[0]: " },
	{ ENTRY("{\"names\":[\"read\",\"\"],\"action\":\"SCMP_ACT_ALLOW\"}"),
	  "syscalls[0].names[1]: " },
	{ ALLOW("\"arg\":[]"), "syscalls[0].arg: unknown property" },
	{ ALLOW("\"errnoRet\":1"), "syscalls[0].errnoRet: " },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSUCH\"}", "defaultErrno: " },
	{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EPERM\",\"defaultErrnoRet\":2}",
	  "defaultErrno: EPERM is not 2" },
	{ ALLOW("\"includes\":{\"caps\":[\"CAP_EVERYTHING\"]}"), "syscalls[0].includes.caps[0]: " },
	{ ALLOW("\"excludes\":{\"cap\":[]}"), "syscalls[0].excludes.cap: unknown" },
	{ ALLOW("\"includes\":{\"minKernel\":\"new\"}"), "syscalls[0].includes.minKernel: " },
	{ ALLOW("\"includes\":[]"), "syscalls[0].includes: " },
	{ ARG("\"value\":1,\"op\":\"SCMP_CMP_EQ\""), "syscalls[0].args[0].index: " },
	{ ARG("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""), "syscalls[0].args[0].index: " },
	{ ARG("\"index\":0,\"op\":\"SCMP_CMP_EQ\""), "syscalls[0].args[0].value: " },
	{ ARG("\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\""), "syscalls[0].args[0].value: " },
	{ ARG("\"index\":0,\"value\":1"), "syscalls[0].args[0].op: " },
	{ ARG("\"index\":0,\"value\":1,\"op\":\"EQ\""), "syscalls[0].args[0].op: " },
	{ ALLOW("\"args\":{}"), "syscalls[0].args: " },
};

static void bad_profiles_name_the_place(void **state)
{
	(void)state;
	struct seccomp_context context = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(bad_profiles); i++) {
		struct seccomp_profile profile = { .flags = 7 };
		struct err err = { 0 };
		if (seccomp_profile_parse(bad_profiles[i].json, &context, &profile, &err) == 0)
			fail_msg("accepted: %s", bad_profiles[i].json);
		if (strstr(err.text, bad_profiles[i].place) == NULL)
			fail_msg("%s: \"%s\" does not name %s", bad_profiles[i].json, err.text,
				 bad_profiles[i].place);
		assert_true(err.kind == ERR_INVALID || err.kind == ERR_UNSUPPORTED);
		assert_int_equal(profile.flags, 7);
		assert_int_equal(profile.rules_len, 0);
	}
}

static void conditions_decide(void **state)
{
	(void)state;
	static const struct {
		const char *condition;
		uint64_t caps;
		bool is_applied;
	} cases[] = {
		{ "\"includes\":{}", 0, true },
		{ "\"includes\":null", 0, true },
		{ "\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", 1 | 1 << 5, true },
		{ "\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", 1, false },
		{ "\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", 0, true },
		{ "\"excludes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", 1, false },
		{ "\"includes\":{\"minKernel\":\"4.8\"}", 0, true },
		{ "\"includes\":{\"minKernel\":\"99.0\"}", 0, false },
		{ "\"includes\":{\"arches\":[\"vax\"]}", 0, false },
		{ "\"excludes\":{\"arches\":[\"vax\"]}", 0, true },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
		struct seccomp_context context = { .caps = cases[i].caps };
		struct err err = { 0 };
		AUTO_FREE char *json = mem_printf(
			"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
			"\"action\":\"SCMP_ACT_ALLOW\",%s}]}",
			cases[i].condition);
		if (seccomp_profile_parse(json, &context, &profile, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(profile.rules_len, 1);
		if (profile.rules[0].is_applied != cases[i].is_applied)
			fail_msg("%s", cases[i].condition);
	}
}

static void one_argument_twice_is_an_alternative(void **state)
{
	(void)state;
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	struct seccomp_context context = { 0 };
	assert_int_equal(seccomp_profile_parse(
				 ALLOW("\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
				       "{\"index\":0,\"value\":18446744073709551615,\"op\":\"SCMP_"
				       "CMP_EQ\"}]"),
				 &context, &profile, NULL),
			 0);
	assert_int_equal(profile.rules_len, 2);
	assert_int_equal(profile.rules[0].args_len, 1);
	assert_true(profile.rules[1].args[0].value == UINT64_MAX);
}

/* Every name of the default profile has to be a call of some ABI: a misspelt one would be
 * skipped in silence. */
static void default_profile_names_are_real(void **state)
{
	(void)state;
	static const char *const arches[] = { "SCMP_ARCH_X86_64",  "SCMP_ARCH_X86",
					      "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
					      "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390X",
					      "SCMP_ARCH_RISCV64" };
	/* Newer than libseccomp and on ABIs that are not in our own table of newer calls. */
	static const char *const elsewhere[] = { "riscv_hwprobe" };
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	struct seccomp_context context = { .caps = caps_default() };
	struct err err = { 0 };
	if (seccomp_profile_parse(seccomp_default_profile(), &context, &profile, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(profile.rules_len > 400);
	for (size_t i = 0; i < profile.rules_len; i++) {
		const char *name = profile.rules[i].name;
		bool is_real = false;
		for (size_t a = 0; a < ARRAY_LEN(arches) && !is_real; a++) {
			uint32_t number, function;
			const struct seccomp_arch *arch = seccomp_abi_by_name(arches[a]);
			is_real = seccomp_abi_number(arch, name) >= 0 ||
				  seccomp_abi_multiplexed(arch, name, &number, &function);
		}
		for (size_t e = 0; e < ARRAY_LEN(elsewhere); e++)
			is_real = is_real || strcmp(elsewhere[e], name) == 0;
		if (!is_real)
			fail_msg("%s is no system call", name);
	}
}

static void listeners_and_what_is_unknown(void **state)
{
	(void)state;
	const struct seccomp_context oci = { .has_listener = true, .ignores_unknown = true };
	static const struct {
		const char *json;
		uint32_t flags;
	} rows[] = {
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", SECCOMP_FILTER_FLAG_NEW_LISTENER },
		{ ENTRY("{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}"),
		  SECCOMP_FILTER_FLAG_NEW_LISTENER },
		{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"flags\":"
		  "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
		  SECCOMP_FILTER_FLAG_NEW_LISTENER | 1u << 5 },
		/* The kernel takes it together with a listener only. */
		{ ROOT("\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]"), 0 },
		{ ROOT("\"listenerPath\":\"/run/x\",\"fromTheFuture\":[]"), 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
		if (seccomp_profile_parse(rows[i].json, &oci, &profile, &err) < 0)
			fail_msg("%s: %s", rows[i].json, err.text);
		assert_int_equal(profile.flags, rows[i].flags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_and_what_is_unknown),
		cmocka_unit_test(bad_profiles_name_the_place),
		cmocka_unit_test(conditions_decide),
		cmocka_unit_test(one_argument_twice_is_an_alternative),
		cmocka_unit_test(default_profile_names_are_real),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
