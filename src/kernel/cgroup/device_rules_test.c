/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated BPF program, run by an interpreter of the few instructions it may use, and the
 * v1 form, both compared with a direct evaluation of random rule lists.
 */
#include "kernel/cgroup/control/device_rules.h"
#include "kernel/cgroup/v2/device_bpf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LISTS     20000
#define RULES_MAX 12

struct request {
	bool is_block;
	uint32_t major, minor;
	unsigned access;
};

static uint32_t seed = 12345;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static bool rule_matches(const struct cgroup_device_rule *r, const struct request *q)
{
	return (r->type == 'a' || (r->type == 'b') == q->is_block) &&
	       (r->major < 0 || r->major == q->major) && (r->minor < 0 || r->minor == q->minor);
}

/* The definition: for each bit, the last rule that matches and has it; none is a denial. */
static bool reference(const struct cgroup_device_rule *rules, size_t len, const struct request *q)
{
	for (unsigned bit = 1; bit <= 4; bit <<= 1) {
		bool is_allowed = false;
		for (size_t i = 0; i < len; i++) {
			if (rule_matches(&rules[i], q) &&
			    (cgroup_device_rule_access(&rules[i]) & bit) != 0)
				is_allowed = rules[i].allow;
		}
		if ((q->access & bit) != 0 && !is_allowed)
			return false;
	}
	return true;
}

static bool interpret(const struct cgroup_bpf_program *p, const struct request *q)
{
	struct bpf_cgroup_dev_ctx context = {
		.access_type = (q->access << 16) |
			       (q->is_block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = q->major,
		.minor = q->minor,
	};
	uint64_t reg[11] = { 0 };
	for (size_t pc = 0; pc < p->len; pc++) {
		const struct bpf_insn *i = &p->insns[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		uint32_t word;
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, BPF_REG_1);
			assert_in_range(i->off, 0, sizeof(context) - 4);
			memcpy(&word, (char *)&context + i->off, 4);
			reg[i->dst_reg] = word;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			reg[i->dst_reg] = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			reg[i->dst_reg] &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			reg[i->dst_reg] >>= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += reg[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += reg[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return reg[0] == 1;
		default:
			fail_msg("instruction %#x at %zu", i->code, pc);
		}
	}
	fail_msg("ran past the end");
	return false;
}

/* Few numbers, so that rules meet each other often. */
static struct cgroup_device_rule random_rule(void)
{
	struct cgroup_device_rule r = {
		.allow = random_below(2) != 0,
		.type = "abc"[random_below(3)],
		.major = (int64_t)random_below(4) - 1,
		.minor = (int64_t)random_below(4) - 1,
	};
	unsigned access = 1 + random_below(7);
	if (random_below(8) == 0) {
		r.type = 'a';
		r.major = r.minor = -1;
		access = 7;
	}
	r.mknod = (access & CGROUP_DEVICE_MKNOD) != 0;
	r.read = (access & CGROUP_DEVICE_READ) != 0;
	r.write = (access & CGROUP_DEVICE_WRITE) != 0;
	return r;
}

/* @return the n-th of all requests about the small numbers */
static struct request request_at(unsigned n)
{
	return (struct request){ n % 2 != 0, n / 2 % 4, n / 8 % 4, 1 + n / 32 % 7 };
}
#define REQUESTS (2 * 4 * 4 * 7)

static void program_does_what_the_rules_say(void **state)
{
	(void)state;
	for (int n = 0; n < LISTS; n++) {
		struct cgroup_device_rule rules[RULES_MAX];
		size_t len = random_below(RULES_MAX + 1);
		for (size_t i = 0; i < len; i++)
			rules[i] = random_rule();
		AUTO(struct cgroup_bpf_program, cgroup_bpf_program_done) p = { 0 };
		assert_int_equal(cgroup_bpf_program_make(rules, len, &p, NULL), 0);
		for (unsigned k = 0; k < REQUESTS; k++) {
			struct request q = request_at(k);
			bool wanted = reference(rules, len, &q);
			assert_int_equal(interpret(&p, &q), wanted);
			if (p.allows_all)
				assert_true(wanted);
		}
	}
}

/* One bit at a time: v1 wants a single exception to have all bits of a request. */
static bool set_allows(const struct cgroup_device_set *set, const struct request *q)
{
	for (size_t i = 0; i < set->len; i++) {
		assert_int_not_equal(set->items[i].allow, set->default_allow);
		assert_int_not_equal(set->items[i].type, 'a');
		if (rule_matches(&set->items[i], q) &&
		    (cgroup_device_rule_access(&set->items[i]) & q->access) != 0)
			return !set->default_allow;
	}
	return set->default_allow;
}

static void v1_form_does_what_the_rules_say_or_is_refused(void **state)
{
	(void)state;
	int made = 0;
	for (int n = 0; n < LISTS; n++) {
		struct cgroup_device_rule rules[RULES_MAX];
		size_t len = random_below(6);
		for (size_t i = 0; i < len; i++)
			rules[i] = random_rule();
		AUTO(struct cgroup_device_set, cgroup_device_set_done) set = { 0 };
		struct err err = { 0 };
		if (cgroup_device_set_make(rules, len, &set, &err) < 0) {
			assert_int_equal(err.kind, ERR_UNSUPPORTED);
			continue;
		}
		made++;
		for (unsigned k = 0; k < REQUESTS; k++) {
			struct request q = request_at(k);
			if ((q.access & (q.access - 1)) == 0)
				assert_int_equal(set_allows(&set, &q), reference(rules, len, &q));
		}
	}
	assert_true(made > LISTS / 4);
}

static void exception_of_an_exception_is_refused_on_v1(void **state)
{
	(void)state;
	const struct cgroup_device_rule rules[] = {
		{ true, 'c', 1, -1, true, true, true },
		{ false, 'c', 1, 3, false, true, false },
	};
	struct cgroup_device_set set;
	struct err err = { 0 };
	assert_int_equal(cgroup_device_set_make(rules, 2, &set, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "c 1:3 w"));
	assert_non_null(strstr(err.text, "c 1:* rwm"));
}

static void bad_rules_are_refused(void **state)
{
	(void)state;
	const struct cgroup_device_rule bad[] = {
		{ true, 'x', 1, 3, true, true, true },
		{ true, 'c', -2, 3, true, true, true },
		{ true, 'c', 1, (int64_t)INT32_MAX + 1, true, true, true },
		{ true, 'c', 1, 3, false, false, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cgroup_bpf_program p;
		struct err err = { 0 };
		assert_int_equal(cgroup_bpf_program_make(&bad[i], 1, &p, &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void only_the_end_of_the_list_matters_after_all(void **state)
{
	(void)state;
	const struct cgroup_device_rule rules[] = {
		{ true, 'c', 1, 3, true, true, true },
		{ true, 'a', -1, -1, true, true, true },
	};
	AUTO(struct cgroup_bpf_program, cgroup_bpf_program_done) p = { 0 };
	assert_int_equal(cgroup_bpf_program_make(rules, 2, &p, NULL), 0);
	assert_true(p.allows_all);
	assert_int_equal(p.len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_does_what_the_rules_say),
		cmocka_unit_test(v1_form_does_what_the_rules_say_or_is_refused),
		cmocka_unit_test(exception_of_an_exception_is_refused_on_v1),
		cmocka_unit_test(bad_rules_are_refused),
		cmocka_unit_test(only_the_end_of_the_list_matters_after_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
