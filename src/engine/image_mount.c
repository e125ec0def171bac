/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount is marked before it is attached: its id is known by then. Whenever we are killed, there
 * is a mark for each mount; one without a mount is stale. All under the shared store lock, so that
 * the image cannot go meanwhile.
 */
#include "engine/image_mount.h"

#include "base/mem.h"
#include "engine/changes.h"
#include "engine/engine.h"
#include "kernel/mount/mount.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int open_place(const char *directory, char **out_path, struct err *err)
{
	char path[PATH_MAX];
	AUTO_FD fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the directory %s", directory);
	ssize_t n = readlink(fd_proc_path(fd).text, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(err, "find out where %s is", directory);
	path[n] = '\0';
	*out_path = mem_strdup(path);
	return fd_take(&fd);
}

/* @return 1 with the path when it is at a place of ours already */
static int find_mounted(const struct store *store, const char *image_id, char **out_path,
			struct err *err)
{
	AUTO(struct mount_mark_list, mount_mark_list_done) marks = { 0 };
	if (mount_mark_list(store, &marks, err) < 0)
		return -1;
	for (size_t i = 0; i < marks.len; i++) {
		const struct mount_mark *mark = &marks.items[i];
		AUTO_FREE char *own = mount_mark_place(store, mark), *place = NULL;
		AUTO_FD fd = -1;
		if (strcmp(mark->image_id, image_id) != 0 || !mount_mark_is_here(mark) ||
		    (fd = open_place(own, &place, NULL)) < 0 || strcmp(mark->path, place) != 0)
			continue;
		*out_path = ptr_take(&place);
		return 1;
	}
	return 0;
}

/* @return owned detached mount */
static int mount_layers(const struct engine *engine, const struct image *image, struct err *err)
{
	if (image->layers.len == 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "image %.12s has no layers: there is nothing "
			       "to mount",
			       image->id);
	AUTO_FD fd = changes_open_layers(engine, image, err);
	/* To be looked at, and to be run from with a chroot: but nothing gains rights here. */
	if (fd < 0 || mount_set_attrs(fd, 0, MOUNT_ATTR_NOEXEC, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

static int attach(const struct engine *engine, const struct image *image, const char *directory,
		  struct mount_mark *mark, struct err *err)
{
	AUTO_FREE char *place = directory != NULL ? mem_strdup(directory)
						  : mount_mark_place(&engine->store, mark);
	AUTO_FD place_fd = open_place(place, &mark->path, err);
	AUTO_FD mount_fd = place_fd >= 0 ? mount_layers(engine, image, err) : -1;
	if (mount_fd < 0 || mount_id(mount_fd, &mark->mount_id, err) < 0 ||
	    mount_mark_write(&engine->store, mark, err) < 0 ||
	    mount_attach(mount_fd, place_fd, err) < 0)
		return -1;
	return 0;
}

int engine_mount_image(struct engine *engine, const char *reference, const char *directory,
		       char **out_path, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	struct mount_mark mark = { 0 };
	AUTO_FD lock_fd = store_lock(&engine->store, LOCK_SHARED, err);
	if (lock_fd < 0 || image_find(&engine->store, reference, &image, err) < 0)
		return -1;
	int found = directory == NULL ? find_mounted(&engine->store, image.id, out_path, err) : 0;
	if (found != 0)
		return found < 0 ? -1 : 0;
	memcpy(mark.image_id, image.id, sizeof(mark.image_id));
	if (mount_mark_begin(&engine->store, &mark, directory == NULL, err) < 0)
		return -1;
	if (attach(engine, &image, directory, &mark, err) < 0) {
		mount_mark_remove(&engine->store, &mark, NULL);
		free(mark.path);
		return err_context(err, "mount image %.12s", image.id);
	}
	*out_path = mark.path;
	return 0;
}

int engine_unmount_image(struct engine *engine, const struct mount_mark *mark, bool is_lazy,
			 struct err *err)
{
	if (!mount_mark_is_here(mark)) {
		err_set(err, ERR_CONFLICT, "%s is mounted in another mount namespace", mark->path);
		return err_hint(err, "unmount it there");
	}
	AUTO_FD fd = open(mark->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id = 0;
	if (fd < 0)
		return err_sys(err, "open %s", mark->path);
	if (mount_id(fd, &id, err) < 0)
		return -1;
	if (id != mark->mount_id) {
		err_set(err, ERR_CONFLICT, "%s: something else is mounted over it", mark->path);
		return err_hint(err, "unmount that first");
	}
	fd_close(&fd); /* it would keep the mount in use */
	if (is_lazy ? mount_detach(mark->path, err) < 0 : mount_unmount(mark->path, err) < 0)
		return -1;
	return mount_mark_remove(&engine->store, mark, err);
}
