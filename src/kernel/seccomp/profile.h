/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A profile as plain values: Docker's format (archMap, includes, excludes) and OCI's linux.seccomp
 * (architectures, flags) in one parser.
 * Source: OCI runtime-spec config-linux.md "Seccomp"; the format of Docker's seccomp profiles
 */
#include "base/err.h"
#include "kernel/seccomp/arch.h"
#include "kernel/seccomp/seccomp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_ARGS_MAX  6
#define SECCOMP_RULES_MAX 16384
#define SECCOMP_JSON_MAX  (1u << 20)

enum seccomp_operator {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
};

struct seccomp_arg {
	uint32_t index;
	enum seccomp_operator op;
	uint64_t value, value_two;
};

/** One name of one entry of "syscalls". All arguments have to match. */
struct seccomp_rule {
	char *name;      /* owned */
	bool is_applied; /* false: its conditions do not hold here; the name is known all the same
			  */
	uint32_t action; /* SECCOMP_RET_* with its data */
	size_t args_len;
	struct seccomp_arg args[SECCOMP_ARGS_MAX];
};

/** Rules of one call are tried in their order; the first that matches decides. */
struct seccomp_profile {
	uint32_t default_action;
	uint32_t flags;                                        /* SECCOMP_FILTER_FLAG_* */
	const struct seccomp_arch *arches[SECCOMP_ARCHES_MAX]; /* native first */
	size_t arches_len;
	struct seccomp_rule *rules;
	size_t rules_len, rules_capacity;
};

/** Parse and check. @return 0; -1 ERR_INVALID or ERR_UNSUPPORTED with the JSON path */
int seccomp_profile_parse(const char *json, const struct seccomp_context *context,
			  struct seccomp_profile *out, struct err *err);

void seccomp_profile_done(struct seccomp_profile *profile);

/** The words of linux.seccomp that are acted upon: actions, operators and flags, each list in the
 *  order of its table; NULL after the last. */
const char *seccomp_action_word(size_t index);
const char *seccomp_operator_word(size_t index);
const char *seccomp_flag_word(size_t index);

/** Does the running kernel know this word of seccomp_action_word or seccomp_flag_word?
 *  Source: seccomp(2) SECCOMP_GET_ACTION_AVAIL; a filter at address 0 is EFAULT, a flag nobody
 *  knows EINVAL */
bool seccomp_word_is_supported(const char *word);
