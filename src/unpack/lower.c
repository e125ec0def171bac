/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers below, seen as one read-only tree: what this layer implies about them without saying
 * it. Three things need it: attributes of directories that the archive leaves out, hard links to
 * files of a lower layer, and whether a whiteout hides anything at all.
 */
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/extract_state.h"
#include "unpack/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (128u << 10)

static bool is_hidden(const struct extract *extract, const char *real_path)
{
	for (size_t i = 0; i < extract->opaque.len; i++)
		if (path_is_below(real_path, extract->opaque.items[i]) &&
		    strcmp(real_path, extract->opaque.items[i]) != 0)
			return true;
	return extract->is_root_opaque;
}

int lower_open(const struct extract *extract, const char *real_path, struct stat *out)
{
	struct stat st;
	if (extract->options.lower_fd < 0 || is_hidden(extract, real_path))
		return -1;
	AUTO_FD fd = rooted_open_nosymlink(extract->options.lower_fd, real_path,
					   O_PATH | O_NOFOLLOW, 0, NULL);
	if (fd < 0 || fstat(fd, &st) < 0 || extract_is_whiteout(&st))
		return -1;
	*out = st;
	return fd_take(&fd);
}

static void entry_of(const struct stat *st, struct tar_entry *out)
{
	*out = (struct tar_entry){
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim,
		.major = (uint32_t)(st->st_rdev >> 8 & 0xfff),
		.minor = (uint32_t)((st->st_rdev & 0xff) | (st->st_rdev >> 12 & 0xfff00)),
		.type = S_ISBLK(st->st_mode) ? TAR_BLOCK : TAR_CHAR,
	};
}

int lower_copy_dir(struct extract *extract, int lower_dir_fd, const struct stat *st, int parent_fd,
		   const char *name, const char *real_path, struct err *err)
{
	struct tar_entry entry;
	entry_of(st, &entry);
	AUTO_FD from_fd = openat(lower_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD to_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from_fd < 0 || to_fd < 0)
		return err_sys(err, "open directory %s", tar_show(real_path).text);
	if (attr_set_fd(to_fd, &entry, false, err) < 0 || attr_copy_xattrs(from_fd, to_fd, err) < 0)
		return err_context(err, "directory %s", tar_show(real_path).text);
	return attr_defer_copied_dir(extract, real_path, &st->st_mtim, from_fd, err);
}

static int copy_data(int from_fd, int to_fd, struct err *err)
{
	static char block[COPY_BYTES];
	for (;;) {
		ssize_t n = read(from_fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read it in the lower layer");
		if (n == 0)
			return 0;
		if (fd_write_all(to_fd, block, (size_t)n) < 0)
			return err_sys(err, "write");
	}
}

static int copy_file(struct extract *extract, const char *real_path, const char *name,
		     const struct stat *st, struct err *err)
{
	struct tar_entry entry;
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	entry_of(st, &entry);
	AUTO_FD from_fd = rooted_open_nosymlink(extract->options.lower_fd, real_path,
						O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (from_fd < 0)
		return -1;
	AUTO_FD to_fd = openat(extract->parent_fd, name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return err_sys(err, "create");
	if (copy_data(from_fd, to_fd, err) < 0 || attr_set_fd(to_fd, &entry, false, err) < 0 ||
	    attr_copy_xattrs(from_fd, to_fd, err) < 0)
		return -1;
	extract->totals.bytes += (uint64_t)st->st_size;
	return futimens(to_fd, times) == 0 ? 0 : err_sys(err, "set times");
}

static int copy_link(struct extract *extract, int lower_fd, const char *name, const struct stat *st,
		     struct err *err)
{
	char target[PATH_MAX];
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	ssize_t n = readlinkat(lower_fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(err, "read the link in the lower layer");
	target[n] = '\0';
	if (symlinkat(target, extract->parent_fd, name) < 0 ||
	    fchownat(extract->parent_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(extract->parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "make the link");
	return 0;
}

int lower_copy_up(struct extract *extract, const char *name, struct err *err)
{
	struct stat st;
	struct tar_entry entry;
	AUTO(struct buf, buf_done) real = { 0 };
	extract_real_path(extract, name, &real);
	AUTO_FD lower_fd = lower_open(extract, buf_str(&real), &st);
	if (lower_fd < 0)
		return err_set(err, ERR_INVALID, "it does not exist in this layer or below");
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(extract, buf_str(&real), name, &st, err);
	case S_IFLNK:
		return copy_link(extract, lower_fd, name, &st, err);
	case S_IFCHR:
	case S_IFBLK:
		entry_of(&st, &entry);
		return extract->options.host.make_device(extract->options.host.arg, buf_str(&real),
							 &entry, err);
	default:
		return err_set(err, ERR_INVALID, "it is a %s of a lower layer",
			       S_ISDIR(st.st_mode) ? "directory" : "special file");
	}
}
