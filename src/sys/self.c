/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/self.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SELF_EXE "/proc/self/exe"

/* Nobody can write through a read-only mount, where we may have executed ourselves, and nobody runs
 * a file without a name again. */
static int is_out_of_reach(const struct stat *self, struct err *err)
{
	struct statvfs fs;
	if (self->st_nlink == 0)
		return 1;
	if (statvfs(SELF_EXE, &fs) < 0)
		return err_sys(err, "look at our own program");
	return (fs.f_flag & ST_RDONLY) != 0 && getenv(SELF_AGAIN_ENV) != NULL;
}

int self_check(struct err *err)
{
	char path[PATH_MAX];
	struct stat self, named;
#ifdef ONGGI_WEAK_A1
	return 0;
#endif
	ssize_t len = readlink(SELF_EXE, path, sizeof(path) - 1);
	if (len < 0 || stat(SELF_EXE, &self) < 0)
		return err_sys(err, "find our own program (" SELF_EXE ")");
	path[len] = '\0';
	bool is_named = stat(path, &named) == 0;
	if (!is_named && errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ELOOP)
		return err_sys(err, "find our own program (%s)", path);
	if (is_named && named.st_dev == self.st_dev && named.st_ino == self.st_ino)
		return 0;
	int is = is_out_of_reach(&self, err);
	if (is != 0)
		return is > 0 ? 0 : -1;
	return err_set(err, ERR_INVALID,
		       "this program was started through " SELF_EXE
		       " inside a container, which is refused");
}
