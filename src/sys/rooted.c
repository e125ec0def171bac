/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/rooted.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINKS_MAX    40 /* as in the kernel */
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
	return fd >= 0 ? fd : err_call(err, "openat2", "open %s", path);
}

int rooted_open_nosymlink(int root_fd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd = open_resolved(root_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	return fd >= 0 ? fd : err_call(err, "openat2", "open %s", path);
}

static int make_dirs(int root_fd, const char *path, mode_t mode, int links, struct err *err);

/* The path that the symlink `name` in the directory `parent` leads to, "" if it is none. */
static void read_link(int parent_fd, const char *parent, const char *name, char out[PATH_MAX])
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(parent_fd, name, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	int n = text[0] == '/' || len <= 0 ? snprintf(out, PATH_MAX, "%s", text)
					   : snprintf(out, PATH_MAX, "%s/%s", parent, text);
	if (n >= PATH_MAX)
		out[0] = '\0';
}

/* Make one level: the parent is resolved inside the root, the new name is never followed. */
static int make_level(int root_fd, char *path, mode_t mode, int links, struct err *err)
{
	char target[PATH_MAX] = "";
	char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	AUTO_FD parent_fd = -1;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || *name == '\0')
		return 0;
	if (slash != NULL)
		*slash = '\0';
	const char *parent = slash != NULL ? path : "";
	parent_fd = rooted_open(root_fd, parent, O_PATH | O_DIRECTORY, 0, err);
	bool is_there = false;
	int errnum = 0;
	if (parent_fd >= 0 && mkdirat(parent_fd, name, mode) < 0) {
		errnum = errno;
		is_there = errnum == EEXIST;
		if (is_there)
			read_link(parent_fd, parent, name, target);
	}
	if (slash != NULL)
		*slash = '/';
	if (parent_fd < 0)
		return -1;
	if (errnum != 0 && !is_there)
		return err_num(err, errnum, "make directory %s", path);
	/* Images have /var/run lead to a /run that is not there. */
	if (target[0] == '\0')
		return 0;
	AUTO_FD made_fd = make_dirs(root_fd, target, mode, links + 1, err);
	return made_fd < 0 ? err_context(err, "by way of %s", path) : 0;
}

static int make_dirs(int root_fd, const char *path, mode_t mode, int links, struct err *err)
{
	char copy[PATH_MAX];
	if (links > LINKS_MAX)
		return err_num(err, ELOOP, "make directory %s", path);
	while (*path == '/')
		path++;
	if (strlen(path) >= sizeof(copy))
		return err_num(err, ENAMETOOLONG, "make directory %s", path);
	memcpy(copy, path, strlen(path) + 1);

	int fd = open_resolved(root_fd, copy, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : err_call(err, "openat2", "open directory %s", path);
	for (char *slash = strchr(copy, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		if (make_level(root_fd, copy, mode, links, err) < 0)
			return -1;
		if (slash == NULL)
			break;
		*slash = '/';
	}
	return rooted_open(root_fd, path, O_PATH | O_DIRECTORY, 0, err);
}

int rooted_mkdirs(int root_fd, const char *path, mode_t mode, struct err *err)
{
	return make_dirs(root_fd, path, mode, 0, err);
}

static int make_file(int root_fd, const char *path, mode_t mode, int links, struct err *err)
{
	char copy[PATH_MAX], target[PATH_MAX];
	if (links > LINKS_MAX)
		return err_num(err, ELOOP, "make file %s", path);
	while (*path == '/')
		path++;
	if (strlen(path) >= sizeof(copy))
		return err_num(err, ENAMETOOLONG, "make file %s", path);
	memcpy(copy, path, strlen(path) + 1);
	char *slash = strrchr(copy, '/');
	const char *name = slash != NULL ? slash + 1 : copy;
	if (slash != NULL)
		*slash = '\0';
	const char *parent = slash != NULL ? copy : "";
	AUTO_FD parent_fd = rooted_mkdirs(root_fd, parent, 0755, err);
	if (parent_fd < 0)
		return -1;
	AUTO_FD made_fd = openat(parent_fd, name,
				 O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, mode);
	if (made_fd < 0 && errno != EEXIST)
		return err_call(err, "openat2", "make file %s", path);
	int fd = rooted_open(root_fd, path, O_PATH, 0, err);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	/* Images have /etc/resolv.conf lead to a file that a daemon would have made. */
	read_link(parent_fd, parent, name, target);
	return target[0] != '\0' ? make_file(root_fd, target, mode, links + 1, err) : -1;
}

int rooted_mkfile(int root_fd, const char *path, mode_t mode, struct err *err)
{
	return make_file(root_fd, path, mode, 0, err);
}
