/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assembles and attaches the device program. It walks the rules from the last to the first and
 * keeps the set of accesses still undecided in r6: a matching "deny" with one of them ends in 0,
 * a matching "allow" decides its own, and when none is left the answer is 1.
 * Fields are read anew from the context for each rule, because the verifier would otherwise
 * follow every combination of what earlier comparisons taught it about a register.
 * Source: Documentation/bpf/classic_vs_extended.rst; struct bpf_cgroup_dev_ctx in linux/bpf.h
 */
#include "kernel/cgroup/v2/device_bpf.h"

#include "base/mem.h"
#include "kernel/cgroup/control/device_rules.h"
#include "sys/fd.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROGRAM_NAME       "onggi_devices" /* BPF_OBJ_NAME_LEN is 16 */
#define INSNS_PER_RULE_MAX 12
#define ATTACHED_MAX       64 /* BPF_CGROUP_MAX_PROGS */

static void emit(struct cgroup_bpf_program *p, struct bpf_insn insn)
{
	p->insns[p->len++] = insn;
}

static void emit_load(struct cgroup_bpf_program *p, uint8_t reg, size_t offset)
{
	emit(p, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				   .dst_reg = reg,
				   .src_reg = BPF_REG_1,
				   .off = (int16_t)offset });
}

/* 64-bit operation with a constant; or a jump, whose target is filled in later. */
static void emit_imm(struct cgroup_bpf_program *p, uint8_t code, uint8_t reg, int32_t imm)
{
	emit(p, (struct bpf_insn){ .code = code, .dst_reg = reg, .imm = imm });
}

static void emit_return(struct cgroup_bpf_program *p, int32_t value)
{
	emit_imm(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, value);
	emit(p, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Jump over the rest of the rule unless the field is what the rule says. */
static void emit_field_test(struct cgroup_bpf_program *p, size_t offset, int64_t wanted)
{
	if (wanted < 0)
		return;
	emit_load(p, BPF_REG_2, offset);
	emit_imm(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, (int32_t)wanted);
}

static void emit_rule(struct cgroup_bpf_program *p, const struct cgroup_device_rule *rule)
{
	size_t start = p->len;
	unsigned access = cgroup_device_rule_access(rule);
	if (rule->type != 'a') {
		emit_load(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
		emit_imm(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0xffff);
		emit_imm(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2,
			 rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	}
	emit_field_test(p, offsetof(struct bpf_cgroup_dev_ctx, major), rule->major);
	emit_field_test(p, offsetof(struct bpf_cgroup_dev_ctx, minor), rule->minor);
	if (rule->allow) {
		emit_imm(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_6,
			 (int32_t)(~access & CGROUP_DEVICE_ALL));
		emit_imm(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_6, 0);
		emit_return(p, 1);
	} else {
		/* Denied bits among those undecided? There is no "jump if not set". */
		emit(p, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X,
					   .dst_reg = BPF_REG_2,
					   .src_reg = BPF_REG_6 });
		emit_imm(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, (int32_t)access);
		emit_imm(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_2, 0);
		emit_return(p, 0);
	}
	for (size_t i = start; i < p->len; i++) {
		uint8_t code = p->insns[i].code;
		if (code == (BPF_JMP | BPF_JNE | BPF_K) || code == (BPF_JMP | BPF_JEQ | BPF_K))
			p->insns[i].off = (int16_t)(p->len - i - 1);
	}
}

void cgroup_bpf_program_done(struct cgroup_bpf_program *program)
{
	free(program->insns);
	*program = (struct cgroup_bpf_program){ 0 };
}

int cgroup_bpf_program_make(const struct cgroup_device_rule *rules, size_t len,
			    struct cgroup_bpf_program *out, struct err *err)
{
	if (cgroup_device_rules_check(rules, len, err) < 0)
		return -1;
	/* What comes before a rule about everything is never reached, and the verifier refuses
	 * code that is never reached. */
	bool default_allow = false;
	size_t first = len;
	while (first > 0 && !cgroup_device_rule_is_all(&rules[first - 1]))
		first--;
	if (first > 0)
		default_allow = rules[first - 1].allow;

	struct cgroup_bpf_program program = { .allows_all = default_allow && first == len };
	program.insns = mem_alloc((len - first) * INSNS_PER_RULE_MAX + 4, sizeof(*program.insns));
	emit_load(&program, BPF_REG_6, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_imm(&program, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_6, 16);
	for (size_t i = len; i > first; i--)
		emit_rule(&program, &rules[i - 1]);
	emit_return(&program, default_allow);
	*out = program;
	return 0;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_once(const struct cgroup_bpf_program *program)
{
	union bpf_attr attr = { 0 };
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (uint32_t)program->len;
	attr.insns = (uint64_t)(uintptr_t)program->insns;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	return bpf(BPF_PROG_LOAD, &attr);
}

/* Before Linux 5.11 programs were charged to RLIMIT_MEMLOCK; the payload must not inherit the
 * raised limit. */
static int load(const struct cgroup_bpf_program *program)
{
	int fd = load_once(program);
	if (fd >= 0 || errno != EPERM)
		return fd;
	struct rlimit old;
	struct rlimit raised = { RLIM_INFINITY, RLIM_INFINITY };
	if (getrlimit(RLIMIT_MEMLOCK, &old) < 0 || setrlimit(RLIMIT_MEMLOCK, &raised) < 0) {
		errno = EPERM;
		return -1;
	}
	fd = load_once(program);
	int saved = errno;
	setrlimit(RLIMIT_MEMLOCK, &old);
	errno = saved;
	return fd;
}

/* Is it one of ours? We know it by its name. @return owned fd, or -1 */
static int open_if_ours(uint32_t id)
{
	union bpf_attr attr = { 0 };
	struct bpf_prog_info info = { 0 };
	attr.prog_id = id;
	AUTO_FD fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 || strcmp(info.name, PROGRAM_NAME) != 0)
		return -1;
	return fd_take(&fd);
}

/* @return 0 with the program of ours that is attached, or -1 there; -1 with errno */
static int find_ours(int cgroup_fd, int *out_fd)
{
	uint32_t ids[ATTACHED_MAX] = { 0 };
	union bpf_attr attr = { 0 };
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -1;
	int fd = -1;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < ATTACHED_MAX && fd < 0; i++)
		fd = open_if_ours(ids[i]);
	*out_fd = fd;
	return 0;
}

static int detach(int cgroup_fd, int program_fd)
{
	union bpf_attr attr = { 0 };
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf(BPF_PROG_DETACH, &attr);
}

static int attach(int cgroup_fd, int program_fd, int old_fd)
{
	union bpf_attr attr = { 0 };
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program_fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* Multi: programs above us, and those a container attaches below, all have to agree. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

static int fail(const char *step, struct err *err)
{
	if (errno != EINVAL && errno != ENOSYS)
		return err_sys(err, "%s the device program (BPF)", step);
	err_sys(err, "%s the device program (BPF)", step);
	return err_hint(err, "the kernel needs CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF");
}

int cgroup_bpf_attach(int cgroup_fd, const struct cgroup_bpf_program *program, bool is_fresh,
		      struct err *err)
{
	AUTO_FD old_fd = -1;
	if (!is_fresh && find_ours(cgroup_fd, &old_fd) < 0)
		return fail("look for", err);
	if (program->allows_all) {
		if (old_fd >= 0 && detach(cgroup_fd, old_fd) < 0)
			return fail("detach", err);
		return 0;
	}
	AUTO_FD program_fd = load(program);
	if (program_fd < 0)
		return fail("load", err);
	if (attach(cgroup_fd, program_fd, old_fd) < 0) {
		fail("attach", err);
		return err_hint(err, "another program may hold the cgroup for itself");
	}
	return 0;
}
