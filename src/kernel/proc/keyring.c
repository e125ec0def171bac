/* SPDX-License-Identifier: Apache-2.0 */

/* One system call, made raw: libkeyutils is not needed for it. */
#include "kernel/proc/keyring.h"

#include "base/warn.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int keyring_join_new(const char *name, struct err *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0) >= 0)
		return 0;
	if (errno == ENOSYS)
		return 0;
	/* EPERM: a seccomp filter above us denies keyctl, and it will deny the payload as well. */
	if (errno == EDQUOT || errno == EPERM) {
		warn_say("no session keyring of its own for the container: %s",
			 errno == EDQUOT ? "the key quota is used up" : "keyctl is denied");
		return 0;
	}
	return err_sys(err, "join a new session keyring");
}
