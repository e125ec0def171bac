/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allow-list of calls, straight through libseccomp: forty names need no profile and no cache.
 * What is not listed fails with EPERM; clone3 with ENOSYS, because glibc then starts its thread
 * with clone, whose flags a filter can see: threads yes, processes no.
 */
#include "unpack/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>

static const char *const allowed[] = {
	/* data in and out */
	"read",
	"pread64",
	"write",
	"pwrite64",
	"lseek",
	"close",
	"sendmsg",
	"recvmsg",
	/* files of the layer, by descriptor */
	"openat",
	"openat2",
	"fstat",
	"newfstatat",
	"statx",
	"fchown",
	"fchownat",
	"fchmod",
	"fchmodat",
	"utimensat",
	"mkdirat",
	"mknodat",
	"symlinkat",
	"linkat",
	"unlinkat",
	"readlinkat",
	"getdents64",
	"fsetxattr",
	"fgetxattr",
	"flistxattr",
	"ftruncate",
	"fcntl",
	/* memory and threads */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"futex",
	"set_robust_list",
	"rseq",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_yield",
	"sched_getaffinity",
	"restart_syscall",
	"gettid",
	"getpid",
	/* time, and the end */
	"clock_gettime",
	"getrandom",
	"exit",
	"exit_group",
};

static int allow_all(scmp_filter_ctx ctx)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		int number = seccomp_syscall_resolve_name(allowed[i]);
		if (number == __NR_SCMP_ERROR)
			continue; /* this architecture has another name for it */
		int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, number, 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int allow_some(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM,
						   CLONE_THREAD | CLONE_VM);
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

int filter_install(struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (ctx == NULL)
		return err_set(err, ERR_SYSTEM, "make a seccomp filter");
	int rc = allow_all(ctx);
	if (rc == 0)
		rc = allow_some(ctx);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : err_num(err, -rc, "install the seccomp filter");
}
