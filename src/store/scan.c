/* SPDX-License-Identifier: Apache-2.0 */
/* Listing the store's own directories. */
#include "store/scan.h"

#include "sys/fd.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int scan_names(int dir_fd, const char *path, struct strv *out, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, "open directory %s", path);
	AUTO(struct strv, strv_done) names = { 0 };
	if (tree_names(fd, &names, err) < 0)
		return err_context(err, "directory %s", path);
	for (size_t i = 0; i < names.len; i++)
		if (names.items[i][0] != '.')
			strv_add(out, names.items[i]);
	return 0;
}

int scan_sync(int dir_fd, const char *path, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync directory %s", path);
	return 0;
}
