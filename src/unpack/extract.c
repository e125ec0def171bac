/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of a layer become files. Runs with the layer's directory as its whole world; knows no
 * other layer but by lower.c, no image, no socket. The last name of an entry is never followed:
 * O_EXCL | O_NOFOLLOW, and whatever was there before is removed first.
 */
#include "unpack/extract.h"

#include "base/mem.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "unpack/bounds.h"
#include "unpack/extract_state.h"
#include "unpack/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct extract *extract_new(const struct extract_options *options)
{
	struct extract *extract = mem_alloc(1, sizeof(*extract));
	extract->options = *options;
	extract->parent_fd = -1;
	return extract;
}

void extract_free(struct extract *extract)
{
	if (extract == NULL)
		return;
	extract_leave(extract);
	buf_done(&extract->parent_key);
	buf_done(&extract->parent_path);
	strv_done(&extract->opaque);
	strv_done(&extract->new_whiteouts);
	strv_done(&extract->new_opaque);
	free(extract->dirs);
	buf_done(&extract->dir_paths);
	free(extract);
}

static int write_at(int fd, const uint8_t *data, size_t len, uint64_t offset, struct err *err)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		data += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int write_bytes(struct extract *extract, struct tar *tar, int fd,
		       const struct tar_extent *extent, struct err *err)
{
	for (uint64_t done = 0; done < extent->length;) {
		const uint8_t *data;
		ssize_t n = tar_peek(tar, &data, err);
		if (n <= 0)
			return n < 0 ? -1 : err_set(err, ERR_INVALID, "its data is cut off");
		size_t take = (uint64_t)n < extent->length - done ? (size_t)n
								  : (size_t)(extent->length - done);
		if (write_at(fd, data, take, extent->offset + done, err) < 0)
			return -1;
		tar_consume(tar, take);
		done += take;
		extract->totals.bytes += take;
	}
	return 0;
}

/* One extent, or the whole file. */
static int write_extent(struct extract *extract, struct tar *tar, int fd, const char *real,
			const struct tar_extent *extent, struct err *err)
{
	recipe_begin_file(extract->options.recipe, real, extent->offset);
	int rc = write_bytes(extract, tar, fd, extent, err);
	recipe_end_file(extract->options.recipe);
	return rc;
}

static int write_data(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		      const char *name, int fd, struct err *err)
{
	struct tar_extent whole = { 0, entry->size };
	AUTO(struct buf, buf_done) real = { 0 };
	if (extract->options.recipe != NULL)
		extract_real_path(extract, name, &real);
	if (!entry->is_sparse)
		return write_extent(extract, tar, fd, buf_str(&real), &whole, err);
	for (size_t i = 0; i < entry->extents_len; i++)
		if (write_extent(extract, tar, fd, buf_str(&real), &entry->extents[i], err) < 0)
			return -1;
	return ftruncate(fd, (off_t)entry->size) == 0 ? 0 : err_sys(err, "set the size");
}

static int create_file(struct extract *extract, const char *name, mode_t mode, struct err *err)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(extract->parent_fd, name, flags, mode);
	if (fd < 0 && errno == EEXIST) {
		if (extract_clear(extract, name, err) < 0)
			return -1;
		fd = openat(extract->parent_fd, name, flags, mode);
	}
	return fd >= 0 ? fd : err_sys(err, "create");
}

static int make_file(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		     const char *name, struct err *err)
{
	struct timespec times[2] = { entry->mtime, entry->mtime };
	AUTO_FD fd = create_file(extract, name, entry->mode & 0777, err);
	if (fd < 0)
		return -1;
	if (write_data(extract, tar, entry, name, fd, err) < 0 ||
	    attr_set_fd(fd, entry, !extract->is_parent_setgid, err) < 0 ||
	    attr_set_xattrs(fd, entry, err) < 0)
		return -1;
	return futimens(fd, times) == 0 ? 0 : err_sys(err, "set times");
}

static int set_link_attrs(int dir_fd, const char *name, const struct tar_entry *entry,
			  struct err *err)
{
	struct timespec times[2] = { entry->mtime, entry->mtime };
	if (fchownat(dir_fd, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set owner %u:%u", entry->uid, entry->gid);
	if (utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set times");
	return 0;
}

static int make_symlink(struct extract *extract, const struct tar_entry *entry, const char *name,
			struct err *err)
{
	if (extract_clear(extract, name, err) < 0)
		return -1;
	if (symlinkat(entry->link, extract->parent_fd, name) < 0)
		return err_sys(err, "make the symlink");
	return set_link_attrs(extract->parent_fd, name, entry, err);
}

static int make_fifo(struct extract *extract, const struct tar_entry *entry, const char *name,
		     struct err *err)
{
	if (extract_clear(extract, name, err) < 0)
		return -1;
	if (mknodat(extract->parent_fd, name, S_IFIFO | 0600, 0) < 0)
		return err_sys(err, "make the fifo");
	if (set_link_attrs(extract->parent_fd, name, entry, err) < 0)
		return -1;
	if (fchmodat(extract->parent_fd, name, entry->mode, 0) < 0)
		return err_sys(err, "set mode %04o", entry->mode);
	return 0;
}

static int make_device(struct extract *extract, const struct tar_entry *entry, const char *name,
		       struct err *err)
{
	AUTO(struct buf, buf_done) real = { 0 };
	if (extract_clear(extract, name, err) < 0)
		return -1;
	/* A layer taken straight from an overlay directory has its whiteouts as devices. They stay,
	 * whatever they hide. */
	if (entry->type == TAR_CHAR && entry->major == 0 && entry->minor == 0)
		return lower_settle(extract, err) < 0
			       ? -1
			       : overlay_make_whiteout(extract->parent_fd, name, err);
	extract_real_path(extract, name, &real);
	return extract->options.host.make_device(extract->options.host.arg, buf_str(&real), entry,
						 err);
}

/* The directory may be there: of this layer, or implied by an earlier entry. */
static int create_dir(struct extract *extract, const char *name, const char *real, struct err *err)
{
	struct stat st;
	if (mkdirat(extract->parent_fd, name, 0700) == 0)
		return 0;
	if (errno != EEXIST || fstatat(extract->parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "make the directory");
	if (S_ISDIR(st.st_mode))
		return 0;
	/* Something else of this layer was there and hid what is below: it stays hidden. */
	if (extract_clear(extract, name, err) < 0)
		return -1;
	if (mkdirat(extract->parent_fd, name, 0700) < 0)
		return err_sys(err, "make the directory");
	return whiteout_make_opaque(extract, real, err);
}

static int make_dir(struct extract *extract, const struct tar_entry *entry, const char *name,
		    struct err *err)
{
	AUTO(struct buf, buf_done) real = { 0 };
	extract_real_path(extract, name, &real);
	if (create_dir(extract, name, buf_str(&real), err) < 0)
		return -1;
	AUTO_FD fd = openat(extract->parent_fd, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the directory");
	if (attr_set_fd(fd, entry, false, err) < 0 || attr_set_xattrs(fd, entry, err) < 0)
		return -1;
	return attr_defer_dir(extract, buf_str(&real), &entry->mtime, attr_default_acl(entry), err);
}

static int make_root(struct extract *extract, const struct tar_entry *entry, struct err *err)
{
	if (entry->type != TAR_DIR)
		return err_set(err, ERR_INVALID, "the root is not a directory");
	AUTO_FD fd = openat(extract->options.root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the root");
	extract->has_root_entry = true;
	if (attr_set_fd(fd, entry, false, err) < 0 || attr_set_xattrs(fd, entry, err) < 0)
		return -1;
	return attr_defer_dir(extract, "", &entry->mtime, attr_default_acl(entry), err);
}

/* Find the target of a hard link; afterwards it is in this layer. @return owned fd of its parent */
static int enter_target(struct extract *extract, const char *target, const char *name,
			struct err *err)
{
	struct stat st;
	size_t len;
	const char *unused;
	path_split(target, &len, &unused);
	if (extract_enter(extract, target, len, err) < 0)
		return -1;
	AUTO_FD dir_fd = fcntl(extract->parent_fd, F_DUPFD_CLOEXEC, 3);
	if (dir_fd < 0)
		return err_sys(err, "duplicate a descriptor");
	int rc = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW);
	if (rc == 0 && extract_is_whiteout(&st)) {
		if (lower_settle(extract, err) < 0)
			return -1;
		rc = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW);
	}
	if (rc < 0) {
		if (errno != ENOENT)
			return err_sys(err, "look at it");
		return lower_copy_up(extract, name, err) < 0 ? -1 : fd_take(&dir_fd);
	}
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, "it is a directory");
	if (extract_is_whiteout(&st))
		return err_set(err, ERR_INVALID, "this layer deleted it");
	return fd_take(&dir_fd);
}

static int make_hardlink(struct extract *extract, const struct tar_entry *entry, const char *path,
			 const char *name, struct err *err)
{
	AUTO(struct buf, buf_done) target = { 0 };
	size_t len;
	const char *target_name;
	if (path_clean(entry->link, &target, err) < 0 || target.len == 0 ||
	    strcmp(buf_str(&target), path) == 0)
		return err_set(err, ERR_INVALID, "a hard link to \"%s\"",
			       tar_show(entry->link).text);
	path_split(buf_str(&target), &len, &target_name);
	AUTO_FD target_fd = enter_target(extract, buf_str(&target), target_name, err);
	if (target_fd < 0)
		return err_context(err, "hard link target %s", tar_show(entry->link).text);
	path_split(path, &len, &name);
	if (extract_enter(extract, path, len, err) < 0)
		return -1;
	if (linkat(target_fd, target_name, extract->parent_fd, name, 0) == 0)
		return 0;
	if (errno == EEXIST) {
		if (extract_clear(extract, name, err) < 0)
			return -1;
		if (linkat(target_fd, target_name, extract->parent_fd, name, 0) == 0)
			return 0;
	}
	return err_sys(err, "make the hard link to %s", tar_show(entry->link).text);
}

static int make_entry(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		      const char *path, const char *name, struct err *err)
{
	switch (entry->type) {
	case TAR_FILE:
		return make_file(extract, tar, entry, name, err);
	case TAR_DIR:
		return make_dir(extract, entry, name, err);
	case TAR_SYMLINK:
		return make_symlink(extract, entry, name, err);
	case TAR_HARDLINK:
		return make_hardlink(extract, entry, path, name, err);
	case TAR_FIFO:
		return make_fifo(extract, entry, name, err);
	default:
		return make_device(extract, entry, name, err);
	}
}

/* A directory below a whiteout mark: AUFS's link store has no meaning, others are nonsense. */
static int check_parents(const char *path, size_t len, bool *out_skip, struct err *err)
{
	*out_skip = false;
	for (const char *at = path; at < path + len; at += strcspn(at, "/") + 1) {
		if (strncmp(at, ".wh.", 4) != 0)
			continue;
		if (strncmp(at, ".wh..wh.", 8) != 0)
			return err_set(err, ERR_INVALID, "a whiteout as a directory");
		*out_skip = true;
		return 0;
	}
	return 0;
}

static int apply_entry(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		       struct err *err)
{
	AUTO(struct buf, buf_done) path = { 0 };
	size_t len;
	const char *name;
	bool is_skipped;
	if (path_clean(entry->path, &path, err) < 0)
		return -1;
	if (path.len == 0)
		return make_root(extract, entry, err);
	path_split(buf_str(&path), &len, &name);
	if (check_parents(buf_str(&path), len, &is_skipped, err) < 0)
		return -1;
	if (is_skipped)
		return 0;
	if (extract_enter(extract, buf_str(&path), len, err) < 0)
		return -1;
	int rc = whiteout_apply(extract, name, err);
	if (rc == 0)
		rc = make_entry(extract, tar, entry, buf_str(&path), name, err);
	return rc < 0 ? -1 : 0;
}

int extract_entry(struct extract *extract, struct tar *tar, const struct tar_entry *entry,
		  struct err *err)
{
	if (apply_entry(extract, tar, entry, err) < 0)
		return err_context(err, "entry %s", tar_show(entry->path).text);
	extract->totals.entries++;
	return 0;
}

/* A layer without an entry for its root has the root of the layers below. */
static int imply_root(struct extract *extract, struct err *err)
{
	static const struct timespec epoch;
	const struct extract_host *host = &extract->options.host;
	AUTO_FD lower_fd = -1;
	if (extract->has_root_entry)
		return 0;
	if (host->open_below == NULL)
		return attr_defer_dir(extract, "", &epoch, NULL, err);
	if (host->open_below(host->arg, "", &lower_fd, err) < 0)
		return -1;
	return lower_copy_dir(extract, lower_fd, extract->options.root_fd, ".", "", err);
}

int extract_finish(struct extract *extract, struct extract_totals *out, struct err *err)
{
	extract_leave(extract);
	if (lower_settle(extract, err) < 0 || whiteout_hide_root(extract, err) < 0 ||
	    imply_root(extract, err) < 0)
		return -1;
	if (attr_set_dirs(extract, err) < 0)
		return -1;
	*out = extract->totals;
	return 0;
}
