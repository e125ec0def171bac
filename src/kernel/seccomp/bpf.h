/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules to a classic BPF program: per ABI a balanced tree over ranges of call numbers.
 * Source: seccomp(2), linux/filter.h, linux/bpf_common.h
 */
#include "base/err.h"
#include "kernel/seccomp/profile.h"

/**
 * @out    filter and len; flags are the profile's
 * @return 0; -1 ERR_INVALID when the program would be longer than the kernel takes (4096)
 */
int seccomp_bpf_generate(const struct seccomp_profile *profile, struct seccomp_program *out,
			 struct err *err);
