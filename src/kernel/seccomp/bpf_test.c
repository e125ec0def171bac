/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The generator against a model: programs are run by our interpreter of classic BPF, and each
 * verdict is compared with a plain walk over the profile's rules.
 */
#include "kernel/seccomp/bpf.h"
#include "kernel/seccomp/verdict.h"

#include "base/buf.h"
#include "base/mem.h"
#include "kernel/caps/caps.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define X32 0x40000000u

static bool arg_matches(const struct seccomp_arg *arg, uint64_t value, bool is_32bit)
{
	uint64_t one = arg->value, two = arg->value_two;
	if (is_32bit) {
		value = (uint32_t)value;
		one = (uint32_t)one;
		two = (uint32_t)two;
	}
	switch (arg->op) {
	case SECCOMP_NE:
		return value != one;
	case SECCOMP_LT:
		return value < one;
	case SECCOMP_LE:
		return value <= one;
	case SECCOMP_EQ:
		return value == one;
	case SECCOMP_GE:
		return value >= one;
	case SECCOMP_GT:
		return value > one;
	case SECCOMP_MASKED_EQ:
		return (value & one) == two;
	}
	return false;
}

/* The numbers of all rules in one ABI, resolved once: the model is asked a million times. */
struct model {
	const struct seccomp_profile *profile;
	const struct seccomp_arch *arch;
	int64_t *numbers, *multiplexers;
	uint32_t *functions;
	uint32_t end;
};

static void model_done(struct model *model)
{
	free(model->numbers);
	free(model->multiplexers);
	free(model->functions);
}

static struct model model_of(const struct seccomp_profile *profile, const char *arch_name)
{
	struct model model = { .profile = profile, .arch = seccomp_abi_by_name(arch_name) };
	model.numbers = mem_alloc(profile->rules_len, sizeof(int64_t));
	model.multiplexers = mem_alloc(profile->rules_len, sizeof(int64_t));
	model.functions = mem_alloc(profile->rules_len, sizeof(uint32_t));
	for (size_t i = 0; i < profile->rules_len; i++) {
		uint32_t number;
		model.numbers[i] = seccomp_abi_number(model.arch, profile->rules[i].name);
		model.multiplexers[i] = -1;
		if (profile->rules[i].args_len == 0 &&
		    seccomp_abi_multiplexed(model.arch, profile->rules[i].name, &number,
					    &model.functions[i]))
			model.multiplexers[i] = number;
		int64_t last = model.numbers[i] > model.multiplexers[i] ? model.numbers[i]
									: model.multiplexers[i];
		if (last >= 0 && (uint32_t)last >= model.end)
			model.end = (uint32_t)last + 1;
	}
	return model;
}

static uint32_t model_run(const struct model *model, const struct seccomp_data *data)
{
	const struct seccomp_profile *profile = model->profile;
	uint32_t number = (uint32_t)data->nr;
	for (size_t i = 0; i < profile->rules_len; i++) {
		const struct seccomp_rule *rule = &profile->rules[i];
		if (!rule->is_applied)
			continue;
		bool matches = model->numbers[i] == number;
		for (size_t a = 0; a < rule->args_len; a++)
			matches = matches &&
				  arg_matches(&rule->args[a], data->args[rule->args[a].index],
					      model->arch->is_32bit);
		if (model->multiplexers[i] == number &&
		    (uint32_t)data->args[0] == model->functions[i])
			matches = true;
		if (matches)
			return rule->action;
	}
	bool is_errno = (profile->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	if (number >= model->end && is_errno && number != UINT32_MAX /* skipped by a tracer */)
		return SECCOMP_RET_ERRNO | ENOSYS;
	return profile->default_action;
}

static void compile(const char *json, uint64_t caps, struct seccomp_profile *profile,
		    struct seccomp_program *program)
{
	struct err err = { 0 };
	struct seccomp_context context = { .caps = caps };
	int rc = seccomp_profile_parse(json, &context, profile, &err);
	if (rc == 0)
		rc = seccomp_bpf_generate(profile, program, &err);
	if (rc < 0)
		fail_msg("%s", err.text);
}

static void compare(const struct model *model, const struct seccomp_program *program,
		    const struct seccomp_data *data)
{
	uint32_t got = seccomp_verdict(program, data), want = model_run(model, data);
	if (got != want)
		fail_msg("%s call %u(0x%llx, 0x%llx): 0x%x instead of 0x%x", model->arch->name,
			 (unsigned)data->nr, (unsigned long long)data->args[0],
			 (unsigned long long)data->args[1], got, want);
}

static const uint64_t samples[] = {
	0,
	1,
	2,
	3,
	8,
	0x20000,
	0x20008,
	37,
	38,
	39,
	40,
	41,
	0x10000000,
	0x7e020000,
	0x01000000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x100000026,
	0x4000000026,
	0xffffffff00000000,
	0xfffffffffffffffe,
	0xffffffffffffffff,
};

static void compare_arch(const struct seccomp_profile *profile,
			 const struct seccomp_program *program, const char *arch_name)
{
	AUTO(struct model, model_done) model = model_of(profile, arch_name);
	struct seccomp_data data = { .arch = model.arch->audit };
	bool is_x32 = strcmp(arch_name, "SCMP_ARCH_X32") == 0;
	for (uint32_t n = 0; n < 1100; n++)
		for (size_t a = 0; a < ARRAY_LEN(samples); a++) {
			data.nr = (int)(n | (is_x32 ? X32 : 0));
			data.args[0] = samples[a];
			data.args[1] = samples[(a * 7 + n) % ARRAY_LEN(samples)];
			compare(&model, program, &data);
		}
	data.nr = -1;
	if (!is_x32)
		compare(&model, program, &data);
}

static void default_profile_is_what_it_says(void **state)
{
	(void)state;
	const uint64_t sets[] = { 0, caps_default(), caps_docker(), caps_all() };
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
		AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
		compile(seccomp_default_profile(), sets[i], &profile, &program);
		assert_int_equal(profile.arches_len, 2);
		compare_arch(&profile, &program, "SCMP_ARCH_X86_64");
		compare_arch(&profile, &program, "SCMP_ARCH_X86");
		struct seccomp_data x32 = { .nr = (int)(X32 | 1), .arch = AUDIT_ARCH_X86_64 };
		assert_int_equal(seccomp_verdict(&program, &x32), SECCOMP_RET_ERRNO | ENOSYS);
		struct seccomp_data foreign = { .nr = 1, .arch = AUDIT_ARCH_AARCH64 };
		assert_int_equal(seccomp_verdict(&program, &foreign), SECCOMP_RET_KILL_PROCESS);
	}
}

static void operators_compare_64_bits(void **state)
{
	(void)state;
	static const char *const ops[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };
	static const uint64_t values[] = { 0, 1, 0xffffffff, 0x100000000, 0x180000001, UINT64_MAX };
	for (size_t o = 0; o < ARRAY_LEN(ops); o++)
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
			AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
			AUTO_FREE char *json = mem_printf(
				"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
				"[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],\"syscalls\":[{\"names\":"
				"[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%zu,"
				"\"args\":[{\"index\":0,\"value\":%llu,\"valueTwo\":1,\"op\":"
				"\"SCMP_CMP_%s\"},{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_GE\"}]"
				"}]}",
				o + 1, (unsigned long long)values[v], ops[o]);
			compile(json, 0, &profile, &program);
			compare_arch(&profile, &program, "SCMP_ARCH_X86_64");
			compare_arch(&profile, &program, "SCMP_ARCH_X86");
			compare_arch(&profile, &program, "SCMP_ARCH_X32");
		}
}

static void every_action_arrives(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		uint32_t action;
	} cases[] = {
		{ "\"SCMP_ACT_ALLOW\"", SECCOMP_RET_ALLOW },
		{ "\"SCMP_ACT_ERRNO\"", SECCOMP_RET_ERRNO | EPERM },
		{ "\"SCMP_ACT_ERRNO\",\"errnoRet\":0", SECCOMP_RET_ERRNO },
		{ "\"SCMP_ACT_ERRNO\",\"errno\":\"ENOSYS\"", SECCOMP_RET_ERRNO | ENOSYS },
		{ "\"SCMP_ACT_ERRNO\",\"errnoRet\":4095", SECCOMP_RET_ERRNO | 4095 },
		{ "\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD },
		{ "\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD },
		{ "\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS },
		{ "\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG },
		{ "\"SCMP_ACT_TRACE\",\"errnoRet\":65535", SECCOMP_RET_TRACE | 65535 },
		{ "\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
		AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
		AUTO_FREE char *json = mem_printf("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\","
						  "\"syscalls\":[{\"name\":\"getpid\",\"action\":"
						  "%s}]}",
						  cases[i].json);
		compile(json, 0, &profile, &program);
		struct seccomp_data data = { .nr = 39, .arch = AUDIT_ARCH_X86_64 };
		assert_int_equal(seccomp_verdict(&program, &data), cases[i].action);
		data.nr = 40;
		assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_KILL_PROCESS);
	}
}

/* A profile written before a call existed must not answer it with EPERM. */
static void newer_than_the_profile_is_enosys(void **state)
{
	(void)state;
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\","
		"\"mseal\","
		"\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0, &profile, &program);
	struct seccomp_data data = { .nr = 462, .arch = AUDIT_ARCH_X86_64 };
	assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_ALLOW);
	data.nr = 461;
	assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_ERRNO | EPERM);
	data.nr = 463;
	assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_ERRNO | ENOSYS);
}

static void i386_multiplexers_follow(void **state)
{
	(void)state;
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
	compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"accept\",\"shmat\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		0, &profile, &program);
	compare_arch(&profile, &program, "SCMP_ARCH_X86");
	struct seccomp_data data = { .nr = 102, .arch = AUDIT_ARCH_I386, .args = { 5 } };
	assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_ALLOW);
	data.args[0] = 1;
	assert_int_equal(seccomp_verdict(&program, &data), SECCOMP_RET_ERRNO | EPERM);
}

/* Ranges beyond 255 instructions need long jumps; too many are refused. */
static void long_programs(void **state)
{
	(void)state;
	static const char *const names[] = { "read", "open", "stat", "poll", "mmap", "brk" };
	for (size_t n = 50; n <= 2000; n += 650) {
		AUTO(struct buf, buf_done) json = { 0 };
		struct seccomp_context context = { 0 };
		AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
		AUTO(struct seccomp_program, seccomp_program_done) program = { 0 };
		struct err err = { 0 };
		buf_add_str(&json, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
		for (size_t i = 0; i < n; i++)
			buf_addf(&json,
				 "%s{\"name\":\"%s\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%zu"
				 ",\"args\":[{\"index\":0,\"value\":%zu,\"op\":\"SCMP_CMP_EQ\"}]}",
				 i > 0 ? "," : "", names[i % ARRAY_LEN(names)], i % 4095, i);
		buf_add_str(&json, "]}");
		assert_int_equal(seccomp_profile_parse(buf_str(&json), &context, &profile, &err),
				 0);
		int rc = seccomp_bpf_generate(&profile, &program, &err);
		if (n * 5 > BPF_MAXINSNS) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_INVALID);
			continue;
		}
		assert_int_equal(rc, 0);
		compare_arch(&profile, &program, "SCMP_ARCH_X86_64");
	}
}

int main(void)
{
	if (seccomp_abi_native() == NULL ||
	    strcmp(seccomp_abi_native()->name, "SCMP_ARCH_X86_64") != 0) {
		fprintf(stderr, "skipped: the numbers in this test are x86-64's\n");
		return 77;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_profile_is_what_it_says),
		cmocka_unit_test(operators_compare_64_bits),
		cmocka_unit_test(every_action_arrives),
		cmocka_unit_test(newer_than_the_profile_is_enosys),
		cmocka_unit_test(i386_multiplexers_follow),
		cmocka_unit_test(long_programs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
