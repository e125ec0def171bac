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

bool seccomp_has_listener(const struct seccomp_program *program)
{
	return program->len > 0 && (program->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

static int fail(uint32_t flags, int errnum, struct err *err)
{
	if (errnum == ESRCH)
		return err_set(err, ERR_SYSTEM, "install the seccomp filter: a thread refuses it");
	err_num(err, errnum, "install the seccomp filter");
	if (errnum == EACCES)
		return err_hint(err, "it needs no_new_privs or CAP_SYS_ADMIN");
	if (errnum == EINVAL)
		return err_hint(err, "does this kernel know the filter's flags (0x%x)?", flags);
	if (errnum == EBUSY)
		return err_hint(err, "a filter with a listener is there already");
	return -1;
}

static long install(const struct seccomp_program *program, uint32_t flags)
{
	struct sock_fprog filter = { .len = program->len, .filter = program->filter };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

int seccomp_install(const struct seccomp_program *program, struct err *err)
{
	if (program->len == 0)
		return 0;
	long rc = install(program, program->flags);
	return rc == 0 ? 0 : fail(program->flags, rc > 0 ? ESRCH : errno, err);
}

int seccomp_install_listening(const struct seccomp_program *program, struct err *err)
{
	/* Together with a listener TSYNC needs a third flag to be understood. */
	uint32_t flags = program->flags & ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC;
	long fd = install(program, flags);
	return fd >= 0 ? (int)fd : fail(flags, errno, err);
}
