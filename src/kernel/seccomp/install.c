/* SPDX-License-Identifier: Apache-2.0 */

/* Loading a compiled program: one system call, the last of the boot sequence. */
#include "kernel/seccomp/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void seccomp_program_done(struct seccomp_program *program)
{
	free(program->filter);
	memset(program, 0, sizeof(*program));
}

int seccomp_install(const struct seccomp_program *program, struct err *err)
{
	if (program->len == 0)
		return 0;
	struct sock_fprog filter = { .len = program->len, .filter = program->filter };
	long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &filter);
	if (rc == 0)
		return 0;
	if (rc > 0 || errno == ESRCH)
		return err_set(err, ERR_SYSTEM, "install the seccomp filter: a thread refuses it");
	err_sys(err, "install the seccomp filter");
	if (errno == EACCES)
		return err_hint(err, "it needs no_new_privs or CAP_SYS_ADMIN");
	if (errno == EINVAL)
		return err_hint(err, "does this kernel know the filter's flags (0x%x)?",
				program->flags);
	return -1;
}
