/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What overlayfs reads in a layer as "deleted" and "replaced". Written while a layer is unpacked,
 * on descriptors of its directories.
 * Kernel: 5.8 lets a user namespace make the 0:0 device; the extended attribute for a whiteout
 * that takes its place where even that is refused is read from 6.7 on.
 */
#include "kernel/union/overlay.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* dir_fd may be O_PATH, which fsetxattr(2) does not take. */
static int set_dir_xattr(int dir_fd, const char *name, const char *value, int flags)
{
	if (fsetxattr(dir_fd, name, value, 1, flags) == 0)
		return 0;
	if (errno != EBADF)
		return -1;
	return setxattr(fd_proc_path(dir_fd).text, name, value, 1, flags);
}

/* An empty file marked as a whiteout, in a directory marked ("x") as having such. A directory that
 * is opaque already needs no whiteouts to be honoured, so its mark stays. */
static int make_xattr_whiteout(int dir_fd, const char *name, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "make whiteout %s", name);
	if ((fsetxattr(fd, "user.overlay.whiteout", "y", 1, 0) == 0) &&
	    (set_dir_xattr(dir_fd, "user.overlay.opaque", "x", XATTR_CREATE) == 0 ||
	     errno == EEXIST))
		return 0;
	err_sys(err, "mark whiteout %s", name);
	unlinkat(dir_fd, name, 0);
	return -1;
}

static bool is_whiteout(int dir_fd, const char *name)
{
	struct stat st;
	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

int overlay_make_whiteout(int dir_fd, const char *name, struct err *err)
{
	if (mknodat(dir_fd, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno == EPERM)
		return make_xattr_whiteout(dir_fd, name, err);
	if (errno == EEXIST && is_whiteout(dir_fd, name))
		return 0;
	return err_sys(err, "make whiteout %s", name);
}

int overlay_make_opaque(int dir_fd, bool is_unprivileged, struct err *err)
{
	const char *name = is_unprivileged ? "user.overlay.opaque" : "trusted.overlay.opaque";
	if (set_dir_xattr(dir_fd, name, "y", 0) < 0)
		return err_sys(err, "mark a directory as opaque by %s", name);
	return 0;
}

bool overlay_is_opaque(int fd)
{
	char value;
	return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}
