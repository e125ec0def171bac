/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletions. A layer says ".wh.NAME" for "NAME is gone" and ".wh..wh..opq" for "nothing of the
 * layers below is in this directory"; overlayfs wants a 0:0 device and an attribute. Tar order
 * rules, as in Docker and containerd: a whiteout takes away what the same layer brought before it
 * and leaves what comes after; the opaque mark never touches the layer's own files.
 * Source: OCI image-spec layer.md "Whiteouts"; Documentation/filesystems/overlayfs.rst
 */
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"
#include "unpack/extract_state.h"
#include "unpack/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX     ".wh."
#define PREFIX_LEN 4
#define OPAQUE     ".wh..wh..opq"

int extract_clear(struct extract *extract, const char *name, struct err *err)
{
	if (extract_keep(extract, name, err) < 0)
		return -1;
	if (unlinkat(extract->parent_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "replace what is there");
	return tree_remove(extract->parent_fd, name, err);
}

int whiteout_make_opaque(struct extract *extract, const char *real_path, struct err *err)
{
	struct stat st;
	AUTO_FD lower_fd = lower_open(extract, real_path, &st);
	if (lower_fd < 0)
		return 0;
	if (strv_find(&extract->opaque, real_path) < 0)
		strv_add(&extract->opaque, real_path);
	if (!S_ISDIR(st.st_mode))
		return 0; /* a directory over a file hides it anyway */
	return extract->options.host.make_opaque(extract->options.host.arg, real_path, err);
}

static int hide(struct extract *extract, const char *name, struct err *err)
{
	struct stat st;
	AUTO(struct buf, buf_done) real = { 0 };
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[0] == '\0')
		return err_set(err, ERR_INVALID, "a whiteout of \"%s\"", name);
	if (extract_clear(extract, name, err) < 0)
		return -1;
	extract_real_path(extract, name, &real);
	AUTO_FD lower_fd = lower_open(extract, buf_str(&real), &st);
	return lower_fd < 0 ? 0 : overlay_make_whiteout(extract->parent_fd, name, err);
}

int whiteout_apply(struct extract *extract, const char *name, struct err *err)
{
	if (strncmp(name, PREFIX, PREFIX_LEN) != 0)
		return 0;
	if (strcmp(name, OPAQUE) == 0 && extract->parent_path.len == 0) {
		extract->is_root_opaque = true;
		return 1;
	}
	if (strcmp(name, OPAQUE) == 0)
		return whiteout_make_opaque(extract, buf_str(&extract->parent_path), err) < 0 ? -1
											      : 1;
	if (strncmp(name + PREFIX_LEN, PREFIX, PREFIX_LEN) == 0)
		return 1; /* .wh..wh.plnk and others: AUFS's own, no meaning in a layer */
	return hide(extract, name + PREFIX_LEN, err) < 0 ? -1 : 1;
}

/* overlayfs merges roots whatever their marks say: hide each name of the root instead. */
static int hide_root_name(struct extract *extract, const char *name, struct err *err)
{
	struct stat st;
	int root_fd = extract->options.root_fd;
	if (fstatat(root_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? overlay_make_whiteout(root_fd, name, err)
				       : err_sys(err, "look at %s", tar_show(name).text);
	return S_ISDIR(st.st_mode)
		       ? extract->options.host.make_opaque(extract->options.host.arg, name, err)
		       : 0;
}

int whiteout_hide_root(struct extract *extract, struct err *err)
{
	if (!extract->is_root_opaque || extract->options.lower_fd < 0)
		return 0;
	int fd = openat(extract->options.lower_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		fd_close(&fd);
		return err_sys(err, "list the root of the lower layers");
	}
	int rc = 0;
	for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			rc = hide_root_name(extract, d->d_name, err);
	closedir(dir);
	return rc;
}
