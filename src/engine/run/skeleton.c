/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/skeleton.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const dirs[] = { SKELETON_PATH, SKELETON_PATH "/dev", SKELETON_PATH "/etc",
				    SKELETON_PATH "/proc", SKELETON_PATH "/sys" };
static const char *const files[] = { SKELETON_PATH "/etc/hosts", SKELETON_PATH "/etc/hostname",
				     SKELETON_PATH "/etc/resolv.conf" };

static int make(const struct store *store, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		if (mkdirat(store->root_fd, dirs[i], 0755) < 0 && errno != EEXIST)
			return err_sys(err, "make directory %s", dirs[i]);
		/* The mode of "/" inside, whatever the caller's umask is. */
		if (fchmodat(store->root_fd, dirs[i], 0755, 0) < 0)
			return err_sys(err, "set the mode of %s", dirs[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		AUTO_FD fd = openat(store->root_fd, files[i],
				    O_CREAT | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 || fchmod(fd, 0644) < 0)
			return err_sys(err, "make file %s", files[i]);
	}
	return 0;
}

int skeleton_ensure(const struct store *store, struct err *err)
{
	const char *last = files[ARRAY_LEN(files) - 1];
	if (faccessat(store->root_fd, last, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return make(store, err) < 0 ? err_context(err, "skeleton layer") : 0;
}
