/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The generator. Neighbouring call numbers with the same verdict become one range, the ranges a
 * balanced tree of comparisons. The kernel walks a program once for each call when it loads it, so
 * short paths count: the default profile loads in 150 us, libseccomp's tree of the same rules in
 * 250 and its list in 650, and building those takes 150 and 19 ms. libseccomp is asked for names
 * only; this file knows nothing of JSON.
 *
 * All jumps go forward; a jump over more than 255 instructions takes a JA of its own.
 */
#include "kernel/seccomp/bpf.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT        0x40000000u
#define NUMBER_SKIPPED UINT32_MAX /* a tracer's way to skip a call: nothing will run */

struct code {
	struct sock_filter *insns;
	size_t len, capacity;
};

/* One rule for one number. */
struct call {
	uint32_t number;
	size_t order;
	const struct seccomp_rule *rule;
	struct seccomp_rule multiplexed; /* where `rule` is NULL: a verdict on one call number */
	bool is_32bit;
};

/* From `start` to the next range's: either one action, or the calls to try. */
struct range {
	uint32_t start;
	uint32_t action; /* also where none of the calls' rules match */
	const struct call *calls;
	size_t calls_len;
};

struct generator {
	const struct seccomp_profile *profile;
	struct call *calls;
	size_t calls_len;
	struct range *ranges;
	size_t ranges_len;
};

static const struct seccomp_rule *call_rule(const struct call *call)
{
	return call->rule != NULL ? call->rule : &call->multiplexed;
}

static void code_done(struct code *code)
{
	free(code->insns);
	memset(code, 0, sizeof(*code));
}

static void code_add(struct code *code, uint16_t op, uint32_t k, size_t jt, size_t jf)
{
	if (code->len == code->capacity) {
		code->capacity = code->capacity != 0 ? code->capacity * 2 : 256;
		code->insns = mem_realloc(code->insns, code->capacity * sizeof(code->insns[0]));
	}
	code->insns[code->len++] = (struct sock_filter){ op, (uint8_t)jt, (uint8_t)jf, k };
}

static void code_return(struct code *code, uint32_t action)
{
	code_add(code, BPF_RET | BPF_K, action, 0, 0);
}

static void code_load(struct code *code, size_t offset)
{
	code_add(code, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Make the instruction at `at` a jump to the end when its condition is `when`, else to the next. */
static void code_jump_over(struct code *code, size_t at, bool when, uint16_t op, uint32_t k)
{
	size_t distance = code->len - at - 1;
	if (distance <= UINT8_MAX) {
		size_t jt = when ? distance : 0, jf = when ? 0 : distance;
		code->insns[at] = (struct sock_filter){ op, (uint8_t)jt, (uint8_t)jf, k };
		return;
	}
	code_add(code, BPF_RET | BPF_K, 0, 0, 0); /* room for one more */
	memmove(&code->insns[at + 2], &code->insns[at + 1], distance * sizeof(code->insns[0]));
	code->insns[at] = (struct sock_filter){ op, !when, when, k };
	code->insns[at + 1] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, (uint32_t)distance };
}

/* Offsets of an argument's halves in struct seccomp_data, which has the machine's byte order. */
static size_t arg_low(uint32_t index)
{
	size_t at = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at : at + sizeof(uint32_t);
}

static size_t arg_high(uint32_t index)
{
	size_t at = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? at + sizeof(uint32_t) : at;
}

/* Jumps within one condition: 0 is the next instruction; these two are resolved at its end. */
enum { TO_PASS = 254, TO_FAIL = 255 };

#define JEQ (BPF_JMP | BPF_JEQ | BPF_K)
#define JGT (BPF_JMP | BPF_JGT | BPF_K)
#define JGE (BPF_JMP | BPF_JGE | BPF_K)
#define AND (BPF_ALU | BPF_AND | BPF_K)

static void emit_masked(struct code *code, const struct seccomp_arg *arg, bool is_32bit)
{
	uint32_t mask_high = (uint32_t)(arg->value >> 32),
		 want_high = (uint32_t)(arg->value_two >> 32);
	if (!is_32bit && (mask_high != 0 || want_high != 0)) {
		code_load(code, arg_high(arg->index));
		code_add(code, AND, mask_high, 0, 0);
		code_add(code, JEQ, want_high, 0, TO_FAIL);
	}
	code_load(code, arg_low(arg->index));
	code_add(code, AND, (uint32_t)arg->value, 0, 0);
	code_add(code, JEQ, (uint32_t)arg->value_two, TO_PASS, TO_FAIL);
}

/* Operators on the high half (equal goes on to the low half), then on the low half. */
static const struct {
	uint16_t high_op, low_op;
	uint8_t high_true;    /* where a decisive high half goes */
	uint8_t high_unequal; /* where another unequal high half goes */
	uint8_t low_true, low_false;
} compares[] = {
	[SECCOMP_NE] = { 0, JEQ, 0, TO_PASS, TO_FAIL, TO_PASS },
	[SECCOMP_EQ] = { 0, JEQ, 0, TO_FAIL, TO_PASS, TO_FAIL },
	[SECCOMP_GT] = { JGT, JGT, TO_PASS, TO_FAIL, TO_PASS, TO_FAIL },
	[SECCOMP_GE] = { JGT, JGE, TO_PASS, TO_FAIL, TO_PASS, TO_FAIL },
	[SECCOMP_LT] = { JGT, JGE, TO_FAIL, TO_PASS, TO_FAIL, TO_PASS },
	[SECCOMP_LE] = { JGT, JGT, TO_FAIL, TO_PASS, TO_FAIL, TO_PASS },
};

static void emit_compare(struct code *code, const struct seccomp_arg *arg, bool is_32bit)
{
	uint32_t high = (uint32_t)(arg->value >> 32), low = (uint32_t)arg->value;
	if (!is_32bit) {
		code_load(code, arg_high(arg->index));
		if (compares[arg->op].high_op != 0)
			code_add(code, compares[arg->op].high_op, high, compares[arg->op].high_true,
				 0);
		code_add(code, JEQ, high, 0, compares[arg->op].high_unequal);
	}
	code_load(code, arg_low(arg->index));
	code_add(code, compares[arg->op].low_op, low, compares[arg->op].low_true,
		 compares[arg->op].low_false);
}

/* Replace TO_PASS and TO_FAIL in one condition. */
static void resolve_jumps(struct code *code, size_t first, size_t pass, size_t fail)
{
	for (size_t i = first; i < pass; i++) {
		struct sock_filter *insn = &code->insns[i];
		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		uint8_t *jumps[] = { &insn->jt, &insn->jf };
		for (size_t j = 0; j < ARRAY_LEN(jumps); j++)
			if (*jumps[j] == TO_PASS || *jumps[j] == TO_FAIL)
				*jumps[j] = (uint8_t)((*jumps[j] == TO_PASS ? pass : fail) - i - 1);
	}
}

static void emit_rule(struct code *code, const struct call *call)
{
	const struct seccomp_rule *rule = call_rule(call);
	/* At most six instructions per argument and six arguments: every jump is short. */
	size_t starts[SECCOMP_ARGS_MAX + 1];
	for (size_t i = 0; i < rule->args_len; i++) {
		starts[i] = code->len;
		if (rule->args[i].op == SECCOMP_MASKED_EQ)
			emit_masked(code, &rule->args[i], call->is_32bit);
		else
			emit_compare(code, &rule->args[i], call->is_32bit);
	}
	size_t verdict = starts[rule->args_len] = code->len;
	for (size_t i = 0; i < rule->args_len; i++)
		resolve_jumps(code, starts[i], starts[i + 1], verdict + 1);
	code_return(code, rule->action);
}

static void emit_range(struct code *code, const struct range *range)
{
	for (size_t i = 0; i < range->calls_len; i++)
		emit_rule(code, &range->calls[i]);
	code_return(code, range->action);
}

static void emit_tree(struct code *code, const struct range *ranges, size_t len)
{
	if (len == 1) {
		emit_range(code, ranges);
		return;
	}
	size_t middle = len / 2, at = code->len;
	code_add(code, JGE, 0, 0, 0);
	emit_tree(code, ranges, middle);
	code_jump_over(code, at, true, JGE, ranges[middle].start);
	emit_tree(code, ranges + middle, len - middle);
}

static int compare_calls(const void *a, const void *b)
{
	const struct call *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Ranges are added in ascending order; one that says the same as the last is part of it. */
static void range_add(struct generator *generator, const struct range *range)
{
	struct range *last = generator->ranges_len > 0
				     ? &generator->ranges[generator->ranges_len - 1]
				     : NULL;
	if (last != NULL && last->start == range->start) {
		generator->ranges_len--;
		range_add(generator, range);
		return;
	}
	if (last != NULL && last->calls_len == 0 && range->calls_len == 0 &&
	    last->action == range->action)
		return;
	generator->ranges[generator->ranges_len++] = *range;
}

/* The verdict on one number: rules after one without conditions are never reached. */
static struct range range_of(const struct call *calls, size_t len, uint32_t otherwise)
{
	struct range range = { .start = calls[0].number, .action = otherwise, .calls = calls };
	while (range.calls_len < len) {
		const struct seccomp_rule *rule = call_rule(&calls[range.calls_len]);
		if (rule->args_len == 0) {
			range.action = rule->action;
			break;
		}
		range.calls_len++;
	}
	return range;
}

/*
 * What a call that nobody knew gets. A filter that says EPERM to a call newer than itself breaks
 * programs that would use an older one after ENOSYS, so beyond the last call that the profile
 * names an errno default becomes ENOSYS.
 */
static uint32_t action_for_unknown(const struct seccomp_profile *profile)
{
	bool is_errno = (profile->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
	return is_errno ? SECCOMP_RET_ERRNO | ENOSYS : profile->default_action;
}

/* Where a name of i386 has no arguments to look at, its call number in the multiplexer goes along.
 */
static void collect_multiplexed(struct generator *generator, const struct seccomp_arch *arch,
				const struct call *direct, uint32_t *end)
{
	uint32_t multiplexer, function;
	if (direct->rule->args_len > 0 ||
	    !seccomp_abi_multiplexed(arch, direct->rule->name, &multiplexer, &function))
		return;
	if (multiplexer >= *end)
		*end = multiplexer + 1;
	if (!direct->rule->is_applied)
		return;
	struct call call = { .number = multiplexer, .order = direct->order, .is_32bit = true };
	call.multiplexed = (struct seccomp_rule){ .action = direct->rule->action, .args_len = 1 };
	call.multiplexed.args[0] = (struct seccomp_arg){ .op = SECCOMP_EQ, .value = function };
	generator->calls[generator->calls_len++] = call;
}

/* Collect the calls of one ABI. @return the number after the last one that the profile names */
static uint32_t collect_calls(struct generator *generator, const struct seccomp_arch *arch)
{
	const struct seccomp_profile *profile = generator->profile;
	uint32_t end = 0;
	for (size_t i = 0; i < profile->rules_len; i++) {
		struct call call = { .order = i,
				     .rule = &profile->rules[i],
				     .is_32bit = arch->is_32bit };
		int64_t number = seccomp_abi_number(arch, call.rule->name);
		collect_multiplexed(generator, arch, &call, &end);
		if (number < 0)
			continue;
		call.number = (uint32_t)number;
		if (call.number >= end)
			end = call.number + 1;
		if (call.rule->is_applied)
			generator->calls[generator->calls_len++] = call;
	}
	return end;
}

static void add_ranges(struct generator *generator, const struct seccomp_arch *arch,
		       uint32_t first_number)
{
	uint32_t otherwise = generator->profile->default_action;
	size_t first = generator->calls_len;
	uint32_t end = collect_calls(generator, arch);
	struct call *calls = generator->calls + first;
	size_t len = generator->calls_len - first;
	if (len > 0)
		qsort(calls, len, sizeof(calls[0]), compare_calls);
	range_add(generator, &(struct range){ .start = first_number, .action = otherwise });
	for (size_t i = 0, n; i < len; i += n) {
		for (n = 1; i + n < len && calls[i + n].number == calls[i].number;)
			n++;
		struct range range = range_of(&calls[i], n, otherwise);
		range_add(generator, &range);
		range_add(generator,
			  &(struct range){ .start = range.start + 1, .action = otherwise });
	}
	if (end < first_number)
		end = first_number;
	range_add(generator, &(struct range){ .start = end,
					      .action = action_for_unknown(generator->profile) });
}

static const struct seccomp_arch *find_arch(const struct seccomp_profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->arches_len; i++)
		if (strcmp(profile->arches[i]->name, name) == 0)
			return profile->arches[i];
	return NULL;
}

static void emit_arch(struct generator *generator, const struct seccomp_arch *arch,
		      struct code *code)
{
	const struct seccomp_profile *profile = generator->profile;
	generator->calls_len = generator->ranges_len = 0;
	add_ranges(generator, arch, 0);
	if (strcmp(arch->name, "SCMP_ARCH_X86_64") == 0) {
		const struct seccomp_arch *x32 = find_arch(profile, "SCMP_ARCH_X32");
		if (x32 != NULL)
			add_ranges(generator, x32, X32_BIT);
		else /* as a kernel without the x32 ABI answers */
			range_add(generator,
				  &(struct range){ .start = X32_BIT,
						   .action = SECCOMP_RET_ERRNO | ENOSYS });
	}
	range_add(generator,
		  &(struct range){ .start = NUMBER_SKIPPED, .action = profile->default_action });
	size_t at = code->len;
	code_add(code, JEQ, 0, 0, 0);
	code_load(code, offsetof(struct seccomp_data, nr));
	emit_tree(code, generator->ranges, generator->ranges_len);
	code_jump_over(code, at, false, JEQ, arch->audit);
}

static void generator_done(struct generator *generator)
{
	free(generator->calls);
	free(generator->ranges);
}

int seccomp_bpf_generate(const struct seccomp_profile *profile, struct seccomp_program *out,
			 struct err *err)
{
	AUTO(struct generator, generator_done) generator = { .profile = profile };
	AUTO(struct code, code_done) code = { 0 };
	/* Two ABIs at most share a tree, and each rule is a call twice at most. */
	generator.calls = mem_alloc(profile->rules_len * 4, sizeof(struct call));
	generator.ranges = mem_alloc(profile->rules_len * 8 + 8, sizeof(struct range));
	code_load(&code, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < profile->arches_len; i++)
		if (strcmp(profile->arches[i]->name, "SCMP_ARCH_X32") != 0)
			emit_arch(&generator, profile->arches[i], &code);
	code_return(&code, SECCOMP_RET_KILL_PROCESS);
	if (code.len > BPF_MAXINSNS)
		return err_set(err, ERR_INVALID,
			       "seccomp profile: %zu instructions, the kernel takes %d", code.len,
			       BPF_MAXINSNS);
	*out = (struct seccomp_program){
		.filter = ptr_take(&code.insns),
		.len = (uint16_t)code.len,
		.flags = profile->flags,
	};
	return 0;
}
