/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The filter of a worker of ours: what it lists, threads, and memory that is not executable. It is
 * small and made once in a process's life, so it goes straight through libseccomp, without profile
 * or cache.
 */
#include "base/err.h"

#include <seccomp.h>
#include <stddef.h>

/** A call that is allowed for some values of an argument. */
struct seccomp_condition {
	int number;
	struct scmp_arg_cmp arg;
};

struct seccomp_allow {
	const char *const *calls; /* names; one that this architecture does not have is left out */
	size_t calls_len;
	const struct seccomp_condition *conditions;
	size_t conditions_len;
};

/**
 * Install it for the calling thread and those it makes. Needs no_new_privs. What is not allowed
 * fails with EPERM; clone3 with ENOSYS, because glibc then starts its thread with clone, whose
 * flags a filter can see: threads yes, processes no.
 * @return 0, or -1 ERR_SYSTEM
 * Source: seccomp_rule_add(3), seccomp_load(3)
 */
int seccomp_allow_install(const struct seccomp_allow *allow, struct err *err);
