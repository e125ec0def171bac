/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idmapped layers: each layer's mount is cloned, given the map, and handed to overlayfs by
 * descriptor. Nothing is attached anywhere, so nothing can be left behind. An overlay itself
 * cannot be idmapped.
 * Kernel: 6.15 takes layers on detached mounts; 5.19 to 6.14 only attached ones, see classic.c.
 */
#include "kernel/union/idmapped.h"

#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/union/classic.h"
#include "kernel/union/steps.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* A clone lives as long as its descriptor, and overlayfs looks at the layers when it is created:
 * until then all descriptors stay open. */
struct idmapped {
	const struct overlay *overlay;
	int fs_fd;
	int *clone_fds;
	size_t clone_fds_len;
	bool is_too_old;
	struct stat work; /* who owns the work directory, seen through the map */
};

static void idmapped_done(struct idmapped *idmapped)
{
	for (size_t i = 0; i < idmapped->clone_fds_len; i++)
		fd_close(&idmapped->clone_fds[i]);
	free(idmapped->clone_fds);
	fd_close(&idmapped->fs_fd);
}

/* @return a descriptor that stays with `idmapped`, or -1 */
static int clone_layer(struct idmapped *idmapped, const char *name, struct err *err)
{
	int fd = mount_clone(idmapped->overlay->base_dir_fd, name, false, err);
	if (fd < 0)
		return -1;
	idmapped->clone_fds[idmapped->clone_fds_len++] = fd;
	return mount_set_idmap(fd, idmapped->overlay->idmap_userns_fd, false, err) == 0 ? fd : -1;
}

/* Below 6.13 overlayfs takes no descriptors, below 6.15 none of a detached mount. */
static int set_dir(struct idmapped *idmapped, const char *key, int dir_fd, const char *name,
		   struct err *err)
{
	if (fsconfig(idmapped->fs_fd, FSCONFIG_SET_FD, key, NULL, dir_fd) == 0)
		return 0;
	idmapped->is_too_old = errno == EINVAL || errno == EBADF || errno == EOPNOTSUPP;
	err_sys(err, "overlay %s %s", key, name);
	mount_explain(idmapped->fs_fd, err);
	return -1;
}

static int set_lower(struct idmapped *idmapped, struct err *err)
{
	const struct overlay *overlay = idmapped->overlay;
	for (size_t i = 0; i < overlay->lower_len; i++) {
		int fd = clone_layer(idmapped, overlay->lower[i], err);
		if (fd < 0)
			return err_context(err, "overlay layer %s", overlay->lower[i]);
		if (set_dir(idmapped, "lowerdir+", fd, overlay->lower[i], err) < 0)
			return -1;
	}
	return 0;
}

/* upper and work must be on one mount: one clone of the base has both. */
static int set_upper(struct idmapped *idmapped, struct err *err)
{
	const struct overlay *overlay = idmapped->overlay;
	int base_fd = clone_layer(idmapped, "", err);
	if (base_fd < 0)
		return err_context(err, "overlay upper directory %s", overlay->upper);
	AUTO_FD upper_fd = openat(base_fd, overlay->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (upper_fd < 0)
		return err_sys(err, "overlay upper directory %s", overlay->upper);
	AUTO_FD work_fd = openat(base_fd, overlay->work, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (work_fd < 0 || fstat(work_fd, &idmapped->work) < 0)
		return err_sys(err, "overlay work directory %s", overlay->work);
	if (set_dir(idmapped, "upperdir", upper_fd, overlay->upper, err) < 0)
		return -1;
	return set_dir(idmapped, "workdir", work_fd, overlay->work, err);
}

/* The mounter acts as the owner of the work directory for this one call. */
static int create_as(int fs_fd, const struct overlay *overlay, const struct stat *owner,
		     struct err *err)
{
	struct overlay_actor before;
	if (overlay_act_as(owner->st_uid, owner->st_gid, &before, err) < 0)
		return -1;
	int fd = overlay_create(fs_fd, overlay, err);
	overlay_act_again(&before);
	return fd;
}

int overlay_mount_idmapped(const struct overlay *overlay, struct err *err)
{
	AUTO(struct idmapped, idmapped_done)
	idmapped = {
		.overlay = overlay,
		.fs_fd = mount_open_fs("overlay", err),
		.clone_fds = mem_alloc(overlay->lower_len + 1, sizeof(int)),
	};
	if (idmapped.fs_fd < 0)
		return -1;
	if (set_lower(&idmapped, err) < 0 ||
	    (overlay->upper != NULL && set_upper(&idmapped, err) < 0)) {
		if (!idmapped.is_too_old)
			return -1;
		err_clear(err);
		return overlay_mount_classic(overlay, err);
	}
	if (overlay_set_options(idmapped.fs_fd, overlay, err) < 0)
		return -1;
	if (overlay->upper == NULL)
		return overlay_create(idmapped.fs_fd, overlay, err);
	return create_as(idmapped.fs_fd, overlay, &idmapped.work, err);
}
