/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/libexec.h"

#include "base/mem.h"
#include "runtime/seal.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define ALWAYS_THERE "onggi-unpack" /* in every build */

char *libexec_find(struct err *err)
{
	char self[PATH_MAX];
	const char *told = getenv(SEAL_LIBEXEC_ENV);
	if (told != NULL && told[0] == '/')
		return mem_strdup(told);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0) {
		err_sys(err, "find our own program (/proc/self/exe)");
		return NULL;
	}
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash == NULL)
		return mem_strdup(".");
	*slash = '\0';
	AUTO_FREE char *beside = mem_printf("%s/" ALWAYS_THERE, self);
	if (access(beside, F_OK) == 0)
		return mem_strdup(self);
	return mem_printf("%s/../libexec/onggi", self);
}

int libexec_check(const char *libexec_path, const struct libexec_worker *worker, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", libexec_path, worker->name);
	if (access(path, X_OK) == 0)
		return 0;
	err_sys(err, "%s %s", worker->needed_by, path);
	if (err != NULL)
		err->kind = ERR_UNSUPPORTED;
	return err_hint(err, "%s", worker->hint);
}

bool libexec_has(const struct libexec_worker *worker)
{
	AUTO_FREE char *libexec_path = libexec_find(NULL);
	return libexec_path != NULL && libexec_check(libexec_path, worker, NULL) == 0;
}
