/* SPDX-License-Identifier: Apache-2.0 */
/* Listing the store's own directories. */
#include "store/scan.h"

#include "sys/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int scan_names(int dir_fd, const char *path, struct strv *out, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return err_sys(err, "open directory %s", path);
	fd_take(&fd);
	AUTO(struct strv, strv_done) names = { 0 };
	errno = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0)
		if (entry->d_name[0] != '.')
			strv_add(&names, entry->d_name);
	int failed = errno;
	closedir(dir);
	if (failed != 0)
		return err_num(err, failed, "read directory %s", path);
	if (names.len > 1)
		qsort(names.items, names.len, sizeof(names.items[0]), compare);
	strv_add_all(out, &names);
	return 0;
}

int scan_sync(int dir_fd, const char *path, struct err *err)
{
	AUTO_FD fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "sync directory %s", path);
	return 0;
}
