/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers below: what this layer implies about them without saying it. Four things need them:
 * attributes of directories that the archive leaves out, links on the way to a name, hard links to
 * files of a lower layer, and whether a whiteout or an opaque mark hides anything at all. They may
 * not be complete yet, so they are asked for as late as can be: the last kind is written down and
 * settled in one go, before anything else is looked at or at the end.
 */
#include "base/mem.h"
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

/* Of what may be left open: a list is gone through for each name, and its paths are kept. */
#define NEW_MAX       4096u
#define NEW_BYTES_MAX (4u << 20)

static bool is_below_one(const struct strv *dirs, const char *real_path)
{
	for (size_t i = 0; i < dirs->len; i++)
		if (path_is_below(real_path, dirs->items[i]) &&
		    strcmp(real_path, dirs->items[i]) != 0)
			return true;
	return false;
}

bool lower_may_have(const struct extract *extract, const char *real_path)
{
	return extract->options.host.open_below != NULL && !extract->is_root_opaque &&
	       !is_below_one(&extract->opaque, real_path) &&
	       !is_below_one(&extract->new_opaque, real_path);
}

/* Whatever this layer hides. */
static int look_below(const struct extract *extract, const char *real_path, struct stat *out,
		      int *out_fd, struct err *err)
{
	const struct extract_host *host = &extract->options.host;
	AUTO_FD fd = -1;
	int rc = host->open_below(host->arg, real_path, &fd, err);
	if (rc <= 0)
		return rc;
	if (fstat(fd, out) < 0)
		return err_sys(err, "look at %s below", tar_show(real_path).text);
	*out_fd = fd_take(&fd);
	return 1;
}

int lower_open(struct extract *extract, const char *real_path, struct stat *out, int *out_fd,
	       struct err *err)
{
	if (!lower_may_have(extract, real_path))
		return 0;
	if (lower_settle(extract, err) < 0)
		return -1;
	return look_below(extract, real_path, out, out_fd, err);
}

/* A whiteout of nothing goes, if it is still there. */
static int settle_whiteout(const struct extract *extract, const char *real_path, struct err *err)
{
	struct stat st;
	size_t len;
	const char *name;
	path_split(real_path, &len, &name);
	AUTO_FREE char *parent = mem_strndup(real_path, len);
	AUTO_FD parent_fd = rooted_open_nosymlink(extract->options.root_fd, parent,
						  O_PATH | O_DIRECTORY, 0, NULL);
	if (parent_fd < 0 || fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !extract_is_whiteout(&st))
		return 0; /* a later entry took its place */
	AUTO_FD lower_fd = -1;
	int rc = look_below(extract, real_path, &st, &lower_fd, err);
	if (rc == 0 && unlinkat(parent_fd, name, 0) < 0)
		return err_sys(err, "remove the whiteout of %s", tar_show(real_path).text);
	return rc < 0 ? -1 : 0;
}

static int settle_opaque(struct extract *extract, const char *real_path, struct err *err)
{
	const struct extract_host *host = &extract->options.host;
	struct stat st;
	AUTO_FD dir_fd = rooted_open_nosymlink(extract->options.root_fd, real_path,
					       O_PATH | O_DIRECTORY, 0, NULL);
	AUTO_FD lower_fd = -1;
	int rc = look_below(extract, real_path, &st, &lower_fd, err);
	if (rc <= 0)
		return rc;
	if (strv_find(&extract->opaque, real_path) < 0)
		strv_add(&extract->opaque, real_path);
	if (dir_fd < 0 || !S_ISDIR(st.st_mode))
		return 0; /* a directory over a file hides it anyway */
	return host->make_opaque(host->arg, real_path, err);
}

int lower_settle(struct extract *extract, struct err *err)
{
	for (size_t i = 0; i < extract->new_whiteouts.len; i++)
		if (settle_whiteout(extract, extract->new_whiteouts.items[i], err) < 0)
			return -1;
	for (size_t i = 0; i < extract->new_opaque.len; i++)
		if (settle_opaque(extract, extract->new_opaque.items[i], err) < 0)
			return -1;
	strv_done(&extract->new_whiteouts);
	strv_done(&extract->new_opaque);
	extract->new_bytes = 0;
	return 0;
}

int lower_defer(struct extract *extract, struct strv *list, const char *real_path, struct err *err)
{
	strv_add(list, real_path);
	extract->new_bytes += strlen(real_path) + 1;
	bool is_full = list->len >= NEW_MAX || extract->new_bytes >= NEW_BYTES_MAX;
	return is_full ? lower_settle(extract, err) : 0;
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

int lower_copy_dir(struct extract *extract, int lower_dir_fd, int parent_fd, const char *name,
		   const char *real_path, struct err *err)
{
	struct stat st;
	struct tar_entry entry;
	if (fstat(lower_dir_fd, &st) < 0)
		return err_sys(err, "look at %s below", tar_show(real_path).text);
	entry_of(&st, &entry);
	AUTO_FD to_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to_fd < 0)
		return err_sys(err, "open directory %s", tar_show(real_path).text);
	if (attr_set_fd(to_fd, &entry, false, err) < 0 ||
	    attr_copy_xattrs(lower_dir_fd, to_fd, err) < 0)
		return err_context(err, "directory %s", tar_show(real_path).text);
	return attr_defer_copied_dir(extract, real_path, &st.st_mtim, lower_dir_fd, err);
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

static int copy_file(struct extract *extract, int from_fd, const char *name, const struct stat *st,
		     struct err *err)
{
	struct tar_entry entry;
	struct timespec times[2] = { st->st_mtim, st->st_mtim };
	entry_of(st, &entry);
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
	AUTO_FD lower_fd = -1;
	int rc = lower_open(extract, buf_str(&real), &st, &lower_fd, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_INVALID, "it does not exist in this layer or below");
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(extract, lower_fd, name, &st, err);
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
