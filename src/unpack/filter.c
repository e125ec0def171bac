/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack/filter.h"

#include "kernel/seccomp/allow.h"

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

int filter_install(struct err *err)
{
	const struct seccomp_allow allow = { .calls = allowed, .calls_len = ARRAY_LEN(allowed) };
	return seccomp_allow_install(&allow, err);
}
