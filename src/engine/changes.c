/* SPDX-License-Identifier: Apache-2.0 */
/* Views of a container's root without a container around them: its upper directory is one more
 * layer. */
#include "engine/changes.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "kernel/mount/mount.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define VIEW_ATTRS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

void change_list_done(struct change_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i].path);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

int changes_open(const struct engine *engine, const struct container *container, struct err *err)
{
	AUTO_FREE char *path = mem_printf("containers/%s/upper", container->id);
	if (container->image_id == NULL) {
		err_set(err, ERR_UNSUPPORTED, "container %s has no image", container->name);
		return err_hint(err, "it runs on %s, which has its changes in it",
				container->rootfs != NULL ? container->rootfs : "a directory");
	}
	return rooted_open_nosymlink(engine->store.root_fd, path, O_RDONLY | O_DIRECTORY, 0, err);
}

static int open_stack(const struct engine *engine, const struct image *image, const char *upper,
		      struct err *err)
{
	AUTO(struct strv, strv_done) lower = { 0 };
	if (upper != NULL)
		strv_add(&lower, upper);
	for (size_t i = image->layers.len; i > 0; i--)
		strv_add_take(&lower, mem_printf("layers/%s/fs", image->layers.items[i - 1]));
	struct overlay overlay = {
		.base_dir_fd = engine->store.root_fd,
		.lower = (const char *const *)lower.items,
		.lower_len = lower.len,
		.idmap_userns_fd = -1,
	};
	AUTO_FD fd = overlay_mount(&overlay, err);
	if (fd < 0 || mount_set_attrs(fd, VIEW_ATTRS, 0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

static int open_layers(const struct engine *engine, const struct container *container,
		       bool with_upper, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	AUTO_FREE char *upper = with_upper ? mem_printf("containers/%s/upper", container->id)
					   : NULL;
	if (image_find(&engine->store, container->image_id, &image, err) < 0)
		return -1;
	return open_stack(engine, &image, upper, err);
}

int changes_open_layers(const struct engine *engine, const struct image *image, struct err *err)
{
	return open_stack(engine, image, NULL, err);
}

int changes_open_view(const struct engine *engine, const struct container *container,
		      struct err *err)
{
	if (container->image_id != NULL)
		return open_layers(engine, container, true, err);
	AUTO_FD dir_fd = open(container->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "open %s", container->rootfs);
	AUTO_FD fd = mount_clone(dir_fd, "", false, err);
	if (fd < 0 || mount_set_attrs(fd, VIEW_ATTRS, 0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

int changes_open_image(const struct engine *engine, const struct container *container,
		       struct err *err)
{
	return open_layers(engine, container, false, err);
}
