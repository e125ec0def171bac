/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For somebody who speaks TCP and asks for names, which libcurl does in a thread. Sockets are of
 * the internet families alone, and nothing listens.
 */
#include "registry/sandbox.h"

#include "kernel/seccomp/allow.h"

#include <sys/ioctl.h>
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

int fetch_filter_install(struct err *err)
{
	const struct seccomp_condition conditions[] = {
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD) },
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6) },
		{ SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX) }, /* libcurl's own bell */
	};
	const struct seccomp_allow allow = {
		.calls = allowed,
		.calls_len = ARRAY_LEN(allowed),
		.conditions = conditions,
		.conditions_len = ARRAY_LEN(conditions),
	};
	return seccomp_allow_install(&allow, err);
}
