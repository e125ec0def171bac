/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounting a union. Every layer is handed over by itself ("lowerdir+", Linux 6.8), through the
 * descriptor of the directory that has them all: no limit on the length of names, nothing to
 * escape, no change of directory. Older kernels take one string of all layers: classic.c. What
 * layers are, and where they come from, is for the store to know.
 */
#include "kernel/union/overlay.h"

#include "kernel/mount/mount.h"
#include "kernel/union/classic.h"
#include "kernel/union/idmapped.h"
#include "kernel/union/steps.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#define VALUE_MAX 256 /* fsconfig(2), with the NUL */

static int check_overlay(const struct overlay *overlay, struct err *err)
{
	if (overlay->lower_len == 0 || overlay->lower_len > OVERLAY_LAYERS_MAX)
		return err_set(err, ERR_INVALID, "%zu layers: overlayfs takes 1 to %d",
			       overlay->lower_len, OVERLAY_LAYERS_MAX);
	if ((overlay->upper == NULL) != (overlay->work == NULL))
		return err_set(err, ERR_INVALID, "an upper and a work directory go together");
	if (overlay->upper == NULL && overlay->is_volatile)
		return err_set(err, ERR_INVALID, "a volatile overlay needs an upper directory");
	return 0;
}

/* A directory by string where its name is short and plain, else by a descriptor's name. */
static int set_dir(int fs_fd, const struct overlay *overlay, const char *key, const char *name)
{
	char value[VALUE_MAX];
	int n;
	if (name[0] == '/' || overlay->base_dir_fd == AT_FDCWD)
		n = snprintf(value, sizeof(value), "%s", name);
	else
		n = snprintf(value, sizeof(value), "/proc/self/fd/%d/%s", overlay->base_dir_fd,
			     name);
	if (n < (int)sizeof(value) && strchr(name, '\\') == NULL)
		return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0);
	AUTO_FD dir_fd = openat(overlay->base_dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return -1;
	return fsconfig(fs_fd, FSCONFIG_SET_STRING, key, fd_proc_path(dir_fd).text, 0);
}

static int name_layer(int fs_fd, const char *what, const char *name, struct err *err)
{
	int errnum = errno;
	err_sys(err, "overlay %s %s", what, name);
	mount_explain(fs_fd, err);
	if (errnum == EINVAL)
		err_hint(err, "it may be on a file system that overlayfs cannot use, or the "
			      "descriptor of its base be of another mount namespace");
	return -1;
}

/*
 * Overlayfs of an older kernel accepts every key while it is being configured, and complains in
 * the system's log when it is created: so this is one thing that cannot be found out by trying.
 * Where a distribution has brought it to an older version, the classic way works as well.
 */
static bool takes_layers_one_by_one(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 8);
}

/* @return 1 if this kernel takes no layers one by one, 0, or -1 */
static int set_layers(int fs_fd, const struct overlay *overlay, struct err *err)
{
	for (size_t i = 0; i < overlay->lower_len; i++) {
		if (set_dir(fs_fd, overlay, "lowerdir+", overlay->lower[i]) == 0)
			continue;
		/* An unknown key and an unusable first layer are both EINVAL: the classic way
		 * finds out, and says which. */
		if (i == 0 && errno == EINVAL)
			return 1;
		return name_layer(fs_fd, "layer", overlay->lower[i], err);
	}
	if (overlay->upper == NULL)
		return 0;
	if (set_dir(fs_fd, overlay, "upperdir", overlay->upper) < 0)
		return name_layer(fs_fd, "upper directory", overlay->upper, err);
	if (set_dir(fs_fd, overlay, "workdir", overlay->work) < 0)
		return name_layer(fs_fd, "work directory", overlay->work, err);
	return 0;
}

/* overlayfs wants two directories at least: one alone is its own union. */
static int mount_single(const struct overlay *overlay, struct err *err)
{
	AUTO_FD fd = mount_clone(overlay->base_dir_fd, overlay->lower[0], false, err);
	if (fd < 0)
		return err_context(err, "overlay layer %s", overlay->lower[0]);
	if (overlay->idmap_userns_fd >= 0 &&
	    mount_set_idmap(fd, overlay->idmap_userns_fd, false, err) < 0)
		return -1;
	if (mount_set_attrs(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

int overlay_mount(const struct overlay *overlay, struct err *err)
{
	if (check_overlay(overlay, err) < 0)
		return -1;
	if (overlay->lower_len == 1 && overlay->upper == NULL)
		return mount_single(overlay, err);
	if (overlay->idmap_userns_fd >= 0)
		return overlay_mount_idmapped(overlay, err);
	if (!takes_layers_one_by_one())
		return overlay_mount_classic(overlay, err);
	AUTO_FD fs_fd = mount_open_fs("overlay", err);
	if (fs_fd < 0)
		return -1;
	int layers = set_layers(fs_fd, overlay, err);
	if (layers != 0)
		return layers < 0 ? -1 : overlay_mount_classic(overlay, err);
	if (overlay_set_options(fs_fd, overlay, err) < 0)
		return -1;
	return overlay_create(fs_fd, overlay, err);
}
