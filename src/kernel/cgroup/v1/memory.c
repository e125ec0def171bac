/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory on v1. memory.memsw (memory plus swap, as OCI's `swap` is) may never be below
 * memory.limit: the kernel answers EINVAL, so raising goes from the outside in and lowering from
 * the inside out. Source: Documentation/admin-guide/cgroup-v1/memory.rst
 */
#include "base/warn.h"
#include "kernel/cgroup/v1/v1.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const char limit_file[] = "memory.limit_in_bytes";
static const char memsw_file[] = "memory.memsw.limit_in_bytes";

static int fail_limit(const struct cgroup_control *control, const char *value, struct err *err)
{
	int errnum = errno;
	cgroup_control_fail(control, limit_file, value, err);
	if (errnum == EBUSY)
		err_hint(err, "more is in use, and could not be reclaimed");
	else if (errnum == EINVAL)
		err_hint(err, "the limit may not exceed that of memory and swap together (%s)",
			 memsw_file);
	return -1;
}

static int write_memsw(const struct cgroup_control *control, const char *value, struct err *err)
{
	if (cgroup_control_put(control, memsw_file, value) == 0)
		return 0;
	if (errno == ENOENT) {
		warn_say("the limit of memory and swap is not set: this kernel does not account "
			 "swap (it needs CONFIG_SWAP, and on older kernels swapaccount=1)");
		return 0;
	}
	cgroup_control_fail(control, memsw_file, value, err);
	return err_hint(err, "memory and swap together may not be less than %s", limit_file);
}

static int write_both(const struct cgroup_control *control, const char *limit, const char *memsw,
		      struct err *err)
{
	if (cgroup_control_put(control, limit_file, limit) == 0)
		return write_memsw(control, memsw, err);
	if (errno != EINVAL)
		return fail_limit(control, limit, err);
	/* Above the old memsw: that one goes up first. */
	if (write_memsw(control, memsw, err) < 0)
		return -1;
	if (cgroup_control_put(control, limit_file, limit) < 0)
		return fail_limit(control, limit, err);
	return 0;
}

static int write_limits(const struct cgroup_control *control, const struct cgroup_limits *limits,
			struct err *err)
{
	char limit[CGROUP_NUMBER_SIZE], memsw[CGROUP_NUMBER_SIZE];
	bool has_limit = cgroup_value_is_given(limits->memory.limit_bytes);
	bool has_swap = cgroup_value_is_given(limits->memory.swap_bytes);
	snprintf(limit, sizeof(limit), "%" PRId64, limits->memory.limit_bytes.value);
	snprintf(memsw, sizeof(memsw), "%" PRId64, limits->memory.swap_bytes.value);
	if (has_limit && !has_swap && limits->memory.limit_bytes.value < 0 && !control->is_fresh) {
		/* Unlimited memory means nothing below a limited memsw. */
		snprintf(memsw, sizeof(memsw), "-1");
		has_swap = cgroup_control_has(control, memsw_file);
	}
	if (has_limit && has_swap)
		return write_both(control, limit, memsw, err);
	if (has_limit && cgroup_control_put(control, limit_file, limit) < 0)
		return fail_limit(control, limit, err);
	if (has_swap)
		return write_memsw(control, memsw, err);
	return 0;
}

int cgroup_v1_memory(const struct cgroup_control *control, const struct cgroup_limits *limits,
		     struct err *err)
{
	if (write_limits(control, limits, err) < 0)
		return -1;
	if (cgroup_value_is_given(limits->memory.reservation_bytes) &&
	    cgroup_control_write_number(control, "memory.soft_limit_in_bytes",
					limits->memory.reservation_bytes.value, err) < 0)
		return -1;
	if (cgroup_value_is_given(limits->memory.kernel_tcp_bytes) &&
	    cgroup_control_write_number(control, "memory.kmem.tcp.limit_in_bytes",
					limits->memory.kernel_tcp_bytes.value, err) < 0)
		return -1;
	/* -1 is Docker's "leave it as it is". */
	if (limits->memory.swappiness.is_set && limits->memory.swappiness.value >= 0 &&
	    cgroup_control_write_number(control, "memory.swappiness",
					limits->memory.swappiness.value, err) < 0)
		return -1;
	if (limits->memory.oom_kill_disabled)
		return cgroup_control_write(control, "memory.oom_control", "1", err);
	return 0;
}
