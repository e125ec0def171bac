/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's answer to a worker that asks what is below its layer. Runs with real rights on a
 * path that the worker made up, so: rooted, no symlink, nothing opened but files and directories,
 * and those for reading.
 */
#include "unpack/below.h"

#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int below_open(int view_fd, const char *path, int *out_fd, struct err *err)
{
	struct stat st;
	AUTO_FD fd = rooted_open_nosymlink(view_fd, path, O_PATH | O_NOFOLLOW, 0, NULL);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "look at the layers below");
	if (S_ISCHR(st.st_mode) && st.st_rdev == 0)
		return 0;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		fd_close(&fd);
		fd = rooted_open_nosymlink(view_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
					   err);
		if (fd < 0)
			return -1;
	}
	*out_fd = fd_take(&fd);
	return 1;
}
