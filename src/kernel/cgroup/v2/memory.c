/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory on v2. Swap has a limit of its own here, where OCI limits memory and swap together.
 * What only v1 has is refused: silently running without it would be a surprise.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "Memory"
 */
#include "base/warn.h"
#include "kernel/cgroup/v2/v2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int64_t cgroup_v2_swap_max(int64_t memory, int64_t memory_and_swap)
{
	if (memory_and_swap < 0)
		return -1;
	if (memory < 0 || memory_and_swap < memory)
		return -2;
	return memory_and_swap - memory;
}

static int write_swap_value(const struct cgroup_control *control, int64_t value, struct err *err)
{
	char text[CGROUP_NUMBER_SIZE] = "max";
	if (value >= 0)
		snprintf(text, sizeof(text), "%" PRId64, value);
	if (cgroup_control_put(control, "memory.swap.max", text) == 0)
		return 0;
	if (errno == ENOENT && cgroup_control_has(control, "memory.max")) {
		warn_say("the limit of memory and swap is not set: this kernel does not account "
			 "swap (it needs CONFIG_SWAP, and on older kernels swapaccount=1)");
		return 0;
	}
	return cgroup_control_fail(control, "memory.swap.max", text, err);
}

static int write_swap(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	int64_t memory = limits->memory.limit_bytes.value;
	int64_t both = limits->memory.swap_bytes.value;
	if (!cgroup_value_is_given(limits->memory.swap_bytes)) {
		/* As on v1: unlimited memory takes a limit of memory and swap away, too. */
		if (cgroup_value_is_given(limits->memory.limit_bytes) && memory < 0 &&
		    !control->is_fresh)
			return write_swap_value(control, -1, err);
		return 0;
	}
	if (!cgroup_value_is_given(limits->memory.limit_bytes)) {
		char text[CGROUP_NUMBER_SIZE];
		if (cgroup_control_read(control->dir_fd, "memory.max", text, sizeof(text)) < 0)
			return cgroup_control_fail(control, "memory.max", "", err);
		memory = text[0] == 'm' ? -1 : strtoll(text, NULL, 10);
	}
	int64_t value = cgroup_v2_swap_max(memory, both);
	if (value == -2)
		return err_set(err, ERR_INVALID,
			       "the limit of memory and swap (%" PRId64
			       ") needs a memory limit that is not above it (%" PRId64 ")",
			       both, memory);
	return write_swap_value(control, value, err);
}

static int refuse_v1_only(const struct cgroup_limits *limits, struct err *err)
{
	const char *what = NULL;
	if (limits->memory.swappiness.is_set && limits->memory.swappiness.value >= 0)
		what = "memory swappiness";
	else if (limits->memory.oom_kill_disabled)
		what = "disabling the OOM killer";
	else if (cgroup_value_is_given(limits->memory.kernel_tcp_bytes))
		what = "a limit of kernel TCP memory";
	if (what == NULL)
		return 0;
	return err_set(err, ERR_UNSUPPORTED, "%s needs cgroup v1: v2 has no file for it", what);
}

/* v1's kernel refuses such a limit, v2's calls the OOM killer. */
static int check_usage(const struct cgroup_control *control, const struct cgroup_limits *limits,
		       struct err *err)
{
	int64_t limit = limits->memory.limit_bytes.value;
	if (!limits->memory.checks_usage || control->is_fresh || limit <= 0)
		return 0;
	uint64_t used = cgroup_control_read_number(control->dir_fd, "memory.current");
	if (used <= (uint64_t)limit)
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "a memory limit of %" PRId64 " bytes is below what is used (%" PRIu64 ")",
		       limit, used);
}

int cgroup_v2_memory(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err)
{
	if (refuse_v1_only(limits, err) < 0 || check_usage(control, limits, err) < 0)
		return -1;
	/* Swap first: memory pushed out by a lower memory.max already meets the new swap limit. */
	if (write_swap(control, limits, err) < 0)
		return -1;
	if (cgroup_value_is_given(limits->memory.limit_bytes) &&
	    cgroup_control_write_max(control, "memory.max", limits->memory.limit_bytes.value, err) <
		    0)
		return -1;
	if (cgroup_value_is_given(limits->memory.reservation_bytes))
		return cgroup_control_write_max(control, "memory.low",
						limits->memory.reservation_bytes.value, err);
	return 0;
}
