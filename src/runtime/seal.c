/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seal.h"

#include "base/buf.h"
#include "base/strv.h"
#include "kernel/mount/mount.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SELF_EXE         "/proc/self/exe"
#define COMMAND_LINE_MAX (4u << 20)

static int read_arguments(struct strv *out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open our command line");
	if (fd_read_all(fd, COMMAND_LINE_MAX, "our command line", &text, err) < 0)
		return -1;
	for (size_t i = 0; i < text.len; i += strlen(text.data + i) + 1)
		strv_add(out, text.data + i);
	return 0;
}

static int exec_readonly(struct err *err)
{
	AUTO(struct strv, strv_done) args = { 0 };
	if (read_arguments(&args, err) < 0)
		return -1;
	AUTO_FD copy_fd = mount_clone(AT_FDCWD, SELF_EXE, false, err);
	if (copy_fd < 0 || mount_set_attrs(copy_fd, MOUNT_ATTR_RDONLY, 0, false, err) < 0)
		return -1;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, copy_fd, "", args.items, environ, AT_EMPTY_PATH);
	return err_sys(err, "execute our own program again");
}

int seal_for(const struct spec *spec, const char *libexec_path, struct err *err)
{
	struct statvfs fs;
#ifdef ONGGI_WEAK_SEAL
	return 0;
#endif
	if (spec->namespaces[NS_PID].path == NULL)
		return 0;
	if (statvfs(SELF_EXE, &fs) < 0)
		return err_sys(err, "look at our own program");
	if ((fs.f_flag & ST_RDONLY) != 0)
		return 0;
	if (libexec_path != NULL && setenv(SEAL_LIBEXEC_ENV, libexec_path, 1) < 0)
		return err_sys(err, "set %s", SEAL_LIBEXEC_ENV);
	if (exec_readonly(err) < 0)
		return err_context(err, "leave a writable program");
	return 0;
}
