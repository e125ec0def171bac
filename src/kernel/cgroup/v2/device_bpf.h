/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The device rules as a BPF program (BPF_PROG_TYPE_CGROUP_DEVICE), assembled by hand: a few
 * instructions a rule, no compiler, no library.
 */
#include "base/err.h"
#include "kernel/cgroup/control/limits.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

struct cgroup_bpf_program {
	struct bpf_insn *insns; /* owned */
	size_t len;
	bool allows_all; /* the same as no program */
};

void cgroup_bpf_program_done(struct cgroup_bpf_program *program);

/**
 * Assemble. For each of read, write and mknod the last matching rule decides; the program
 * returns 1 only if every access asked for is allowed.
 *
 * @return 0, or -1 with ERR_INVALID (see cgroup_device_rules_check)
 */
int cgroup_bpf_program_make(const struct cgroup_device_rule *rules, size_t len,
			    struct cgroup_bpf_program *out, struct err *err);

/**
 * Load the program and attach it to the cgroup directory. An earlier program of ours is replaced
 * in one step; those of others stay and have their say, too. A program that allows all detaches
 * ours.
 *
 * @is_fresh  the cgroup was made just now: no program can be there
 * @return 0, or -1 with ERR_SYSTEM (EPERM: no CAP_BPF or CAP_SYS_ADMIN) or ERR_UNSUPPORTED
 * Source: bpf(2) BPF_PROG_ATTACH, BPF_F_REPLACE; Linux >= 5.6
 */
int cgroup_bpf_attach(int cgroup_fd, const struct cgroup_bpf_program *program, bool is_fresh,
		      struct err *err);
