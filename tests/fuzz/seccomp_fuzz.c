/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as a seccomp profile, compiled. What comes out is held against the kernel's
 * own rules for a filter, so that none is made that only fails when it is installed.
 * Source: Linux net/core/filter.c bpf_check_classic(), kernel/seccomp.c seccomp_check_filter()
 */
#include "kernel/seccomp/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct seccomp_program *program)
{
	size_t len = program->len;
	if (len == 0 || len > BPF_MAXINSNS || BPF_CLASS(program->filter[len - 1].code) != BPF_RET)
		abort();
	for (size_t i = 0; i < len; i++) {
		const struct sock_filter *at = &program->filter[i];
		if (at->code == (BPF_LD | BPF_W | BPF_ABS) &&
		    (at->k % 4 != 0 || at->k >= sizeof(struct seccomp_data)))
			abort();
		if (at->code == (BPF_JMP | BPF_JA) && (at->k >= len || i + 1 + at->k >= len))
			abort();
		if (BPF_CLASS(at->code) == BPF_JMP && at->code != (BPF_JMP | BPF_JA) &&
		    (i + 1 + at->jt >= len || i + 1 + at->jf >= len))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_context context = { .caps = 0xa80425fb };
	struct seccomp_program program = { 0 };
	struct err err = { 0 };
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (seccomp_compile(text, &context, &program, &err) == 0)
		check(&program);
	else if (err.kind == ERR_NONE)
		abort(); /* a failure without a word */
	seccomp_program_done(&program);
	free(text);
	return 0;
}
