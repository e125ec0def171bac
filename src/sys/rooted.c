/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/rooted.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOTED_TRIES 64 /* EAGAIN means a rename raced with ".."; openat2(2) says: try again */

static int open_resolved(int root_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	while (*path == '/')
		path++;
#ifdef ONGGI_WEAK_RESOLVE
	return openat(root_fd, *path != '\0' ? path : ".", flags | O_CLOEXEC, mode);
#endif
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? mode : 0,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	const char *relative = *path != '\0' ? path : ".";
	long fd = -1;
	for (int i = 0; i < ROOTED_TRIES; i++) {
		fd = syscall(SYS_openat2, root_fd, relative, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return (int)fd;
}

int rooted_open(int root_fd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, RESOLVE_IN_ROOT);
	return fd >= 0 ? fd : err_sys(err, "open %s", path);
}

int rooted_open_nosymlink(int root_fd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	return fd >= 0 ? fd : err_sys(err, "open %s", path);
}

/* Make one level: the parent is resolved inside the root, the new name is never followed. */
static int make_level(int root_fd, char *path, mode_t mode, struct err *err)
{
	char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	AUTO_FD parent_fd = -1;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || *name == '\0')
		return 0;
	if (slash != NULL)
		*slash = '\0';
	parent_fd = rooted_open(root_fd, slash != NULL ? path : "", O_PATH | O_DIRECTORY, 0, err);
	if (slash != NULL)
		*slash = '/';
	if (parent_fd < 0)
		return -1;
	if (mkdirat(parent_fd, name, mode) < 0 && errno != EEXIST)
		return err_sys(err, "make directory %s", path);
	return 0;
}

int rooted_mkdirs(int root_fd, const char *path, mode_t mode, struct err *err)
{
	char copy[PATH_MAX];
	while (*path == '/')
		path++;
	if (strlen(path) >= sizeof(copy))
		return err_num(err, ENAMETOOLONG, "make directory %s", path);
	memcpy(copy, path, strlen(path) + 1);

	int fd = open_resolved(root_fd, copy, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : err_sys(err, "open directory %s", path);
	for (char *slash = strchr(copy, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		if (make_level(root_fd, copy, mode, err) < 0)
			return -1;
		if (slash == NULL)
			break;
		*slash = '/';
	}
	return rooted_open(root_fd, path, O_PATH | O_DIRECTORY, 0, err);
}

int rooted_mkfile(int root_fd, const char *path, mode_t mode, struct err *err)
{
	char copy[PATH_MAX];
	while (*path == '/')
		path++;
	if (strlen(path) >= sizeof(copy))
		return err_num(err, ENAMETOOLONG, "make file %s", path);
	memcpy(copy, path, strlen(path) + 1);
	char *slash = strrchr(copy, '/');
	const char *name = slash != NULL ? slash + 1 : copy;
	if (slash != NULL)
		*slash = '\0';
	AUTO_FD parent_fd = rooted_mkdirs(root_fd, slash != NULL ? copy : "", 0755, err);
	if (parent_fd < 0)
		return -1;
	AUTO_FD made_fd = openat(parent_fd, name,
				 O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode);
	if (made_fd < 0 && errno != EEXIST)
		return err_sys(err, "make file %s", path);
	return rooted_open(root_fd, path, O_PATH, 0, err);
}
