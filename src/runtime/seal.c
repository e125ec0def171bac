/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seal.h"

#include "base/buf.h"
#include "base/strv.h"
#include "kernel/mount/mount.h"
#include "runtime/seal_swap.h"
#include "sys/fd.h"
#include "sys/self.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SELF_EXE         "/proc/self/exe"
#define COMMAND_LINE_MAX (4u << 20)
#define OVERFLOW_UID     65534 /* what a user namespace shows of users it does not have */
#define SEALS            (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

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

/* Who may copy no mounts copies the program: into memory that nobody can write to any more. */
static int open_sealed_copy(struct err *err)
{
	AUTO_FD self_fd = open(SELF_EXE, O_RDONLY | O_CLOEXEC);
	AUTO_FD copy_fd = memfd_create("onggi", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	if (self_fd < 0 || copy_fd < 0 || fstat(self_fd, &st) < 0)
		return err_sys(err, "copy our own program");
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(copy_fd, self_fd, NULL, (size_t)left);
		if (n <= 0)
			return err_sys(err, "copy our own program");
		left -= n;
	}
	if (fcntl(copy_fd, F_ADD_SEALS, SEALS) < 0)
		return err_sys(err, "seal the copy of our own program");
	return fd_take(&copy_fd);
}

static int open_readonly(struct err *err)
{
	AUTO_FD copy_fd = mount_clone(AT_FDCWD, SELF_EXE, false, err);
	if (copy_fd < 0 && errno == EPERM) {
		err_clear(err);
		return open_sealed_copy(err);
	}
	if (copy_fd < 0 || mount_set_attrs(copy_fd, MOUNT_ATTR_RDONLY, 0, false, err) < 0)
		return -1;
	return fd_take(&copy_fd);
}

/* Is it root's, and we are an ordinary user or in a user namespace without that root? What we may
 * not write to, our containers may not either. */
static bool is_out_of_reach(void)
{
	struct stat st;
	if (stat(SELF_EXE, &st) < 0 || (st.st_uid != 0 && st.st_uid != OVERFLOW_UID))
		return false;
	return (st.st_mode & 0022) == 0 && faccessat(AT_FDCWD, SELF_EXE, W_OK, AT_EACCESS) < 0 &&
	       errno == EACCES;
}

static bool is_sealed(void)
{
	AUTO_FD self_fd = open(SELF_EXE, O_RDONLY | O_CLOEXEC);
	return self_fd >= 0 && fcntl(self_fd, F_GET_SEALS) == SEALS;
}

static bool is_on_readonly_mount(void)
{
	struct statvfs fs;
	return statvfs(SELF_EXE, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

/* The copy is a detached mount of one file: that file is opened by its magic link. */
static bool swap_for(int copy_fd)
{
	AUTO_FD file_fd = open(fd_proc_path(copy_fd).text, O_RDONLY | O_CLOEXEC);
	return file_fd >= 0 && seal_swap(file_fd) && is_on_readonly_mount();
}

static int exec_again(int copy_fd, struct err *err)
{
	AUTO(struct strv, strv_done) args = { 0 };
	if (read_arguments(&args, err) < 0)
		return -1;
	if (setenv(SELF_AGAIN_ENV, "1", 1) < 0)
		return err_sys(err, "set " SELF_AGAIN_ENV);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, copy_fd, "", args.items, environ, AT_EMPTY_PATH);
	return err_call(err, "execveat", "execute our own program again");
}

static bool is_out_of_danger(void)
{
#ifdef ONGGI_WEAK_SEAL
	return true;
#endif
	return is_on_readonly_mount() || is_out_of_reach() || is_sealed();
}

static int leave(const char *libexec_path, bool child_can, int *out_copy_fd, struct err *err)
{
	AUTO_FD copy_fd = open_readonly(err);
	if (copy_fd < 0)
		return -1;
	if (child_can) {
		*out_copy_fd = fd_take(&copy_fd);
		return 0;
	}
	if (libexec_path != NULL && setenv(SEAL_LIBEXEC_ENV, libexec_path, 1) < 0)
		return err_sys(err, "set %s", SEAL_LIBEXEC_ENV);
	return swap_for(copy_fd) ? 0 : exec_again(copy_fd, err);
}

int seal_program(const char *libexec_path, struct err *err)
{
	if (is_out_of_danger() || leave(libexec_path, false, NULL, err) == 0)
		return 0;
	return err_context(err, "leave a writable program");
}

int seal_prepare(const char *libexec_path, int *out_copy_fd, struct err *err)
{
	*out_copy_fd = -1;
	if (is_out_of_danger() || leave(libexec_path, seal_can_swap(), out_copy_fd, err) == 0)
		return 0;
	return err_context(err, "leave a writable program");
}

bool seal_is_for_child(void)
{
	return !is_out_of_danger() && seal_can_swap();
}

int seal_child(int copy_fd, struct err *err)
{
	errno = 0;
	if (swap_for(copy_fd))
		return 0;
	err_sys(err, "go over to a copy of our program that nobody can write to");
	return err_hint(err, "a program on a read-only mount needs none");
}
