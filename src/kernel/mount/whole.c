/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new mount whose options are too long for fsconfig(2), which takes 255 bytes a value: an overlay
 * of many layers. mount(2) takes a page of them, but only for a place: so it is made in a mount
 * namespace that lasts as long as the call, and a detached clone of it is what remains.
 */
#include "kernel/mount/whole.h"

#include "base/buf.h"
#include "kernel/mount/aside.h"
#include "kernel/mount/mount.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#define PLACE          "/proc" /* any directory will do: it is covered for us alone */
#define DATA_MAX_BYTES 4095    /* mount(2): a page with its NUL */

struct whole {
	const char *fstype, *source;
	struct buf data;
	unsigned long sb_flags;
	struct err *err;
	int mount_fd;
};

static int mount_there(void *argument)
{
	struct whole *whole = argument;
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(whole->err, "make a mount namespace");
	if (mount_change_all(MS_PRIVATE, whole->err) < 0)
		return -1;
	if (mount(whole->source, PLACE, whole->fstype, whole->sb_flags, whole->data.data) < 0)
		return err_sys(whole->err, "mount %s", whole->fstype);
	whole->mount_fd = mount_clone(AT_FDCWD, PLACE, false, whole->err);
	return whole->mount_fd < 0 ? -1 : 0;
}

int mount_new_whole(const struct mount_whole *what, struct err *err)
{
	struct err unused;
	AUTO(struct buf, buf_done) data = { 0 };
	for (size_t i = 0; i < what->data->len; i++)
		buf_addf(&data, "%s%s", i > 0 ? "," : "", what->data->items[i]);
	if (data.len > DATA_MAX_BYTES)
		return err_set(err, ERR_UNSUPPORTED,
			       "options of %s: the kernel takes no more than %d bytes",
			       what->fstype, DATA_MAX_BYTES);
	struct whole whole = {
		.fstype = what->fstype,
		.source = what->source,
		.data = data,
		.sb_flags = what->sb_flags,
		.err = err != NULL ? err : &unused,
		.mount_fd = -1,
	};
	if (mount_run_aside(mount_there, &whole, err) < 0)
		return -1;
	AUTO_FD fd = whole.mount_fd;
	if (mount_set_attrs(fd, what->attrs, 0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}
