/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners, modes, extended attributes, times. Order matters: chown clears setuid bits and file
 * capabilities, so mode comes after owner and attributes after both. Times of directories come
 * when nothing is made in them any more.
 */
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/bounds.h"
#include "unpack/extract_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char default_acl[] = "system.posix_acl_default";

int attr_set_fd(int fd, const struct tar_entry *entry, bool is_plain, struct err *err)
{
	if (is_plain && entry->uid == 0 && entry->gid == 0 && (entry->mode & 07000) == 0)
		return 0;
	if (fchown(fd, entry->uid, entry->gid) < 0)
		return err_sys(err, "set owner %u:%u", entry->uid, entry->gid);
	if (fchmod(fd, entry->mode) < 0)
		return err_sys(err, "set mode %04o", entry->mode);
	return 0;
}

/* trusted.* and user.overlay.* steer overlayfs itself: an image must not. Labels of security
 * modules belong to the machine, not to an archive. */
static bool is_allowed(const char *name)
{
	if (strncmp(name, "user.", 5) == 0)
		return strncmp(name, "user.overlay.", 13) != 0 && name[5] != '\0';
	return strcmp(name, "security.capability") == 0 ||
	       strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, default_acl) == 0;
}

static int set_xattr(int fd, const char *name, const void *value, size_t len, struct err *err)
{
	if (fsetxattr(fd, name, value, len, 0) == 0)
		return 0;
	/* A file system without them; and user attributes exist for files and directories only. */
	if (errno == EOPNOTSUPP || (errno == EPERM && strncmp(name, "user.", 5) == 0))
		return 0;
	return err_sys(err, "set extended attribute %s (%zu bytes)", tar_show(name).text, len);
}

int attr_set_xattrs(int fd, const struct tar_entry *entry, struct err *err)
{
	for (size_t i = 0; i < entry->xattrs_len; i++) {
		const struct tar_xattr *x = &entry->xattrs[i];
		if (!is_allowed(x->name) || strcmp(x->name, default_acl) == 0)
			continue;
		if (set_xattr(fd, x->name, x->value, x->len, err) < 0)
			return -1;
	}
	return 0;
}

const struct tar_xattr *attr_default_acl(const struct tar_entry *entry)
{
	for (size_t i = entry->xattrs_len; i > 0; i--)
		if (strcmp(entry->xattrs[i - 1].name, default_acl) == 0)
			return &entry->xattrs[i - 1];
	return NULL;
}

int attr_copy_xattrs(int from_fd, int to_fd, struct err *err)
{
	ssize_t names_len = flistxattr(from_fd, NULL, 0);
	if (names_len <= 0)
		return 0; /* none, or a file system without them */
	AUTO_FREE char *names = mem_alloc(1, (size_t)names_len + 1);
	AUTO_FREE char *value = mem_alloc(1, UNPACK_XATTR_MAX);
	names_len = flistxattr(from_fd, names, (size_t)names_len);
	for (const char *name = names; name < names + names_len; name += strlen(name) + 1) {
		if (!is_allowed(name) || strcmp(name, default_acl) == 0)
			continue;
		ssize_t n = fgetxattr(from_fd, name, value, UNPACK_XATTR_MAX);
		if (n < 0)
			return err_sys(err, "read extended attribute %s", tar_show(name).text);
		if (set_xattr(to_fd, name, value, (size_t)n, err) < 0)
			return -1;
	}
	return 0;
}

int attr_defer_copied_dir(struct extract *extract, const char *real_path,
			  const struct timespec *mtime, int from_fd, struct err *err)
{
	AUTO_FREE char *value = mem_alloc(1, UNPACK_XATTR_MAX);
	ssize_t n = fgetxattr(from_fd, default_acl, value, UNPACK_XATTR_MAX);
	struct tar_xattr acl = { .name = default_acl,
				 .value = value,
				 .len = n > 0 ? (size_t)n : 0 };
	return attr_defer_dir(extract, real_path, mtime, n > 0 ? &acl : NULL, err);
}

int attr_defer_dir(struct extract *extract, const char *real_path, const struct timespec *mtime,
		   const struct tar_xattr *acl, struct err *err)
{
	size_t acl_len = acl != NULL ? acl->len : 0;
	size_t len = strlen(real_path) + 1;
	if (extract->dir_paths.len + len + acl_len > UNPACK_DIRS_BYTES_MAX)
		return err_set(err, ERR_INVALID, "names of directories beyond %u bytes",
			       UNPACK_DIRS_BYTES_MAX);
	if (extract->dirs_len == extract->dirs_capacity) {
		extract->dirs_capacity = extract->dirs_capacity == 0 ? 64
								     : extract->dirs_capacity * 2;
		extract->dirs = mem_realloc(extract->dirs,
					    extract->dirs_capacity * sizeof(*extract->dirs));
	}
	extract->dir_paths.max_bytes = UNPACK_DIRS_BYTES_MAX + 1;
	struct extract_dir *dir = &extract->dirs[extract->dirs_len++];
	*dir = (struct extract_dir){ .mtime = *mtime,
				     .path = extract->dir_paths.len,
				     .acl = extract->dir_paths.len + len,
				     .acl_len = (uint32_t)acl_len };
	buf_add(&extract->dir_paths, real_path, len);
	if (acl != NULL)
		buf_add(&extract->dir_paths, acl->value, acl->len);
	return 0;
}

int attr_set_dirs(struct extract *extract, struct err *err)
{
	for (size_t i = 0; i < extract->dirs_len; i++) {
		const struct extract_dir *dir = &extract->dirs[i];
		const char *path = extract->dir_paths.data + dir->path;
		struct timespec times[2] = { dir->mtime, dir->mtime };
		AUTO_FD fd = rooted_open_nosymlink(extract->options.root_fd, path,
						   O_RDONLY | O_DIRECTORY, 0, NULL);
		if (fd < 0)
			continue; /* a later entry removed or replaced it */
		if (dir->acl_len > 0 &&
		    set_xattr(fd, default_acl, extract->dir_paths.data + dir->acl, dir->acl_len,
			      err) < 0)
			return err_context(err, "directory %s", tar_show(path).text);
		if (futimens(fd, times) < 0)
			return err_sys(err, "set times of directory %s", tar_show(path).text);
	}
	return 0;
}
