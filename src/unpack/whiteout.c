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
	/* Marks are given to the directories that are there when their entries come. */
	if (extract->new_opaque.len > 0 && lower_settle(extract, err) < 0)
		return -1;
	return tree_remove(extract->parent_fd, name, err);
}

int whiteout_make_opaque(struct extract *extract, const char *real_path, struct err *err)
{
	if (!lower_may_have(extract, real_path))
		return 0;
	return lower_defer(extract, &extract->new_opaque, real_path, err);
}

static int hide(struct extract *extract, const char *name, struct err *err)
{
	AUTO(struct buf, buf_done) real = { 0 };
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[0] == '\0')
		return err_set(err, ERR_INVALID, "a whiteout of \"%s\"", name);
	if (extract_clear(extract, name, err) < 0)
		return -1;
	extract_real_path(extract, name, &real);
	if (!lower_may_have(extract, buf_str(&real)))
		return 0;
	if (overlay_make_whiteout(extract->parent_fd, name, err) < 0)
		return -1;
	return lower_defer(extract, &extract->new_whiteouts, buf_str(&real), err);
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
	const struct extract_host *host = &extract->options.host;
	AUTO_FD fd = -1;
	if (!extract->is_root_opaque || host->open_below == NULL)
		return 0;
	if (host->open_below(host->arg, "", &fd, err) < 0)
		return -1;
	/* By the very descriptor we were given: nothing below can be opened here. */
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return err_sys(err, "list the root of the lower layers");
	fd = -1;
	int rc = 0;
	for (struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			rc = hide_root_name(extract, d->d_name, err);
	closedir(dir);
	return rc;
}
