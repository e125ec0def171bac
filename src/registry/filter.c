/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allow-list of calls for somebody who speaks TCP and asks for names. Sockets are of the
 * internet families alone, and nothing listens. What is not listed fails with EPERM; clone3 with
 * ENOSYS, because glibc then starts its thread with clone, whose flags a filter can see: threads
 * (libcurl asks for names in one) yes, processes no.
 */
#include "registry/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

static const char *const allowed[] = {
	/* the network */
	"connect",
	"getpeername",
	"getsockname",
	"getsockopt",
	"poll",
	"ppoll",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",
	/* descriptors, and the files of the sandbox's root */
	"close",
	"fcntl",
	"fstat",
	"lseek",
	"newfstatat",
	"open",
	"openat",
	"pread64",
	"read",
	"readv",
	"stat",
	"statx",
	"uname",
	"write",
	"writev",
	/* memory and threads */
	"brk",
	"futex",
	"getegid",
	"geteuid",
	"getgid",
	"getpid",
	"gettid",
	"getuid",
	"madvise",
	"mremap",
	"munmap",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	/* time, chance, and the end */
	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
	"exit",
	"exit_group",
	"getrandom",
	"gettimeofday",
	"nanosleep",
	"time",
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

struct condition {
	int number;
	struct scmp_arg_cmp arg;
};

static int allow_some(scmp_filter_ctx ctx)
{
	const struct condition conditions[] = {
		{ SCMP_SYS(clone),
		  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM) },
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD) },
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO) },
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6) },
		{ SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX) }, /* libcurl's own bell */
	};
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(conditions); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, conditions[i].number, 1,
				      conditions[i].arg);
	return rc;
}

int fetch_filter_install(struct err *err)
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
