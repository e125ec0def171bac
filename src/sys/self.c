/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/self.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SELF_EXE "/proc/self/exe"

/* Nobody can write through a read-only mount, and nobody runs a file without a name again. */
static bool is_out_of_reach(const struct stat *self)
{
	struct statvfs fs;
	return self->st_nlink == 0 || (statvfs(SELF_EXE, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0);
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
	if (stat(path, &named) == 0 && named.st_dev == self.st_dev && named.st_ino == self.st_ino)
		return 0;
	if (is_out_of_reach(&self))
		return 0;
	return err_set(err, ERR_INVALID,
		       "this program was started through " SELF_EXE
		       " inside a container, which is refused");
}
