/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/seccomp/allow.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

static int add_calls(scmp_filter_ctx ctx, const struct seccomp_allow *allow)
{
	for (size_t i = 0; i < allow->calls_len; i++) {
		int number = seccomp_syscall_resolve_name(allow->calls[i]);
		if (number == __NR_SCMP_ERROR)
			continue; /* this architecture has another name for it */
		int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_conditions(scmp_filter_ctx ctx, const struct seccomp_condition *conditions,
			  size_t len)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, conditions[i].number, 1,
				      conditions[i].arg);
	return rc;
}

static int add_all(scmp_filter_ctx ctx, const struct seccomp_allow *allow)
{
	const struct seccomp_condition everybody[] = {
		{ SCMP_SYS(clone),
		  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM) },
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
	};
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = add_calls(ctx, allow);
	if (rc == 0)
		rc = add_conditions(ctx, everybody, ARRAY_LEN(everybody));
	if (rc == 0)
		rc = add_conditions(ctx, allow->conditions, allow->conditions_len);
	return rc;
}

int seccomp_allow_install(const struct seccomp_allow *allow, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (ctx == NULL)
		return err_set(err, ERR_SYSTEM, "make a seccomp filter");
	int rc = add_all(ctx, allow);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : err_num(err, -rc, "install the seccomp filter");
}
