/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a filter would say of a call, without making it. Source: seccomp(2), bpf_common.h */
#include "kernel/seccomp/seccomp.h"

#include <linux/seccomp.h>

/**
 * Run the program on `data`, as the kernel does.
 * @return SECCOMP_RET_*; SECCOMP_RET_KILL_PROCESS also for instructions that none of our programs
 *         has
 */
uint32_t seccomp_verdict(const struct seccomp_program *program, const struct seccomp_data *data);

/** Would it let us make the call, whose second to sixth arguments are 0? No program lets all. */
bool seccomp_lets(const struct seccomp_program *program, int number, uint64_t first);
