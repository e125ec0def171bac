/* SPDX-License-Identifier: Apache-2.0 */
/* An interpreter for the instructions that bpf.c makes, and no more. It knows no profile. */
#include "kernel/seccomp/verdict.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <string.h>

static bool load(const struct seccomp_data *data, uint32_t offset, uint32_t *out)
{
	if (offset % sizeof(*out) != 0 || offset > sizeof(*data) - sizeof(*out))
		return false;
	memcpy(out, (const char *)data + offset, sizeof(*out));
	return true;
}

/* @return 1 taken, 0 not taken, -1 no jump of ours */
static int jumps(const struct sock_filter *i, uint32_t a)
{
	switch (i->code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
		return a == i->k;
	case BPF_JMP | BPF_JGT | BPF_K:
		return a > i->k;
	case BPF_JMP | BPF_JGE | BPF_K:
		return a >= i->k;
	default:
		return -1;
	}
}

uint32_t seccomp_verdict(const struct seccomp_program *program, const struct seccomp_data *data)
{
	uint32_t a = 0;
	for (size_t pc = 0; pc < program->len; pc++) {
		const struct sock_filter *i = &program->filter[pc];
		int is_taken;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (!load(data, i->k, &a))
				return SECCOMP_RET_KILL_PROCESS;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			is_taken = jumps(i, a);
			if (is_taken < 0)
				return SECCOMP_RET_KILL_PROCESS;
			pc += is_taken > 0 ? i->jt : i->jf;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool seccomp_lets(const struct seccomp_program *program, int number, uint64_t first)
{
	const struct seccomp_data data = {
		.nr = number,
		.arch = seccomp_arch_native(),
		.args = { first },
	};
	if (program->len == 0)
		return true;
	uint32_t action = seccomp_verdict(program, &data) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}
