/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner process, second part: what it sees. The root is attached, filled with mounts, devices
 * and masks, and becomes "/". All container paths are resolved below root_fd by the rooted open;
 * everything mounted is a detached mount that we made or cloned ourselves.
 */
#include "runtime/boot/step_functions.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/sock.h"

#include "base/mem.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool wants_slave(const struct boot *boot)
{
	const char *wanted = boot->spec->rootfs_propagation;
	return wanted != NULL && strcmp(wanted, "slave") == 0;
}

int inner_set_propagation(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* A slave keeps receiving the host's mounts where the container asks for it; a private
	 * tree (the default) is cut off. Never shared: our mounts must not appear on the host. */
	return mount_change_all(wants_slave(boot) ? MS_SLAVE : MS_PRIVATE, err);
}

/* "shared" and "unbindable" are about what the payload mounts, so they come last: while the tree
 * is built, copies of parts of it are needed, and nothing should propagate. */
static int set_root_propagation(struct boot *boot, struct err *err)
{
	const char *wanted = boot->spec->rootfs_propagation;
	if (wanted != NULL && strcmp(wanted, "shared") == 0)
		return mount_set_propagation(boot->root_fd, MS_SHARED, false, err);
	if (wanted != NULL && strcmp(wanted, "unbindable") == 0)
		return mount_set_propagation(boot->root_fd, MS_UNBINDABLE, false, err);
	return 0;
}

/* Hooks look for the root at its own path. */
static bool is_at_its_path(const struct boot *boot)
{
	return boot->plan->options->root.path != NULL && boot_has_create_hooks(boot->spec);
}

int inner_attach_root(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* On top of "/" itself: no directory has to be kept for it, and pivot_root(2) does not
	 * mind where the new root is mounted. */
	const char *path = boot->plan->options->root.path;
	const char *place = is_at_its_path(boot) ? path : "/";
	AUTO_FD place_fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place_fd < 0)
		return err_sys(err, "open %s", place);
	if (mount_attach(boot->root_fd, place_fd, err) < 0)
		return -1;
	/* A copy of a shared tree of the host is its peer: without this, what is mounted below
	 * would appear on the host. */
	if (path == NULL)
		return 0;
#ifdef ONGGI_WEAK_PROPAGATION
	return 0;
#endif
	return mount_set_propagation(boot->root_fd, wants_slave(boot) ? MS_SLAVE : MS_PRIVATE, true,
				     err);
}

static mode_t device_type(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

static int make_listed_devices(struct boot *boot, struct err *err)
{
	const struct spec *spec = boot->spec;
	AUTO_FREE struct root_device *devices = mem_alloc(spec->devices_len, sizeof(*devices));
	for (size_t i = 0; i < spec->devices_len; i++) {
		const struct spec_device *device = &spec->devices[i];
		devices[i] = (struct root_device){
			.path = device->path,
			.mode = device_type(device->type) | device->mode,
			.major = device->major,
			.minor = device->minor,
			.uid = device->uid,
			.gid = device->gid,
		};
	}
	return root_make_devices(boot->root_fd, devices, spec->devices_len, err);
}

int inner_make_devices(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (boot->spec->has_default_devices) {
		if (root_make_devices(boot->root_fd, root_default_devices, root_default_devices_len,
				      err) < 0)
			return -1;
		AUTO_FD dev_fd = rooted_open(boot->root_fd, "dev", O_PATH | O_DIRECTORY, 0, err);
		if (dev_fd < 0 || root_make_dev_links(dev_fd, err) < 0)
			return -1;
		boot->null_fd = openat(dev_fd, "null", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		if (boot->null_fd < 0)
			return err_sys(err, "open the container's /dev/null");
	}
	return boot->spec->devices_len > 0 ? make_listed_devices(boot, err) : 0;
}

int inner_open_console(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_process *process = &boot->spec->process;
	AUTO_FD slave_fd = -1;
	AUTO_FD master_fd = root_open_console(boot->root_fd, &slave_fd, err);
	if (master_fd < 0)
		return -1;
	if (process->console_rows != 0 &&
	    tty_set_size(slave_fd, process->console_rows, process->console_columns, err) < 0)
		return -1;
	/* A further process has a terminal of its own; /dev/console is that of the first. */
	if (boot->plan->target == NULL && root_bind_console(boot->root_fd, slave_fd, err) < 0)
		return -1;
	struct boot_packet packet = { .message = BOOT_MSG_CONSOLE };
	if (sock_send(boot->child_sock, &packet, sizeof(packet), master_fd, err) < 0)
		return -1;
	boot->console_slave_fd = fd_take(&slave_fd);
	return 0;
}

int inner_open_masks(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return root_masks_open(&boot->masks, err);
}

/* What is in the procfs is looked for in the procfs. By way of the root, a peer on the same
 * directory could rename "proc" in between: nothing found, nothing hidden. */
static int mask_base(const struct boot *boot, const char **path)
{
	static const char proc[] = "/proc";
	size_t len = sizeof(proc) - 1;
	if (boot->proc_mount_fd < 0 || strncmp(*path, proc, len) != 0 || (*path)[len] != '/')
		return boot->root_fd;
	*path += len;
	return boot->proc_mount_fd;
}

/* A hook may have mounted another procfs over ours, or something that looks like one: what is seen
 * is masked as well as what is below. */
static bool is_proc_covered(struct boot *boot)
{
	if (boot->has_looked_at_proc || !boot_has_create_hooks(boot->spec))
		return boot->is_proc_covered;
	AUTO_FD seen_fd = rooted_open(boot->root_fd, "/proc", O_PATH | O_DIRECTORY, 0, NULL);
	boot->has_looked_at_proc = true;
	boot->is_proc_covered = seen_fd >= 0 && mount_same(seen_fd, boot->proc_mount_fd, NULL) != 1;
	return boot->is_proc_covered;
}

int inner_mask_path(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const char *path = op->path;
	int base_fd = mask_base(boot, &path);
	if (base_fd != boot->root_fd && is_proc_covered(boot) &&
	    root_mask_path(boot->root_fd, &boot->masks, op->path, err) < 0)
		return -1;
	return root_mask_path(base_fd, &boot->masks, path, err);
}

int inner_readonly_path(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const char *path = op->path;
	int base_fd = mask_base(boot, &path);
	if (base_fd != boot->root_fd && is_proc_covered(boot) &&
	    root_readonly_path(boot->root_fd, op->path, err) < 0)
		return -1;
	return root_readonly_path(base_fd, path, err);
}

int inner_make_workdir(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	AUTO_FD dir_fd = rooted_mkdirs(boot->root_fd, boot->spec->process.cwd, 0755, err);
	if (dir_fd < 0)
		return err_context(err, "working directory %s", boot->spec->process.cwd);
	return 0;
}

int inner_readonly_root(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return mount_set_attrs(boot->root_fd, MOUNT_ATTR_RDONLY, 0, false, err);
}

int inner_pivot_root(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return root_pivot(boot->root_fd, err) < 0 ? -1 : set_root_propagation(boot, err);
}

/* Whoever climbs out of a chroot arrives at the root of the mount namespace: let it be this one. */
static int move_root_to_top(struct boot *boot, struct err *err)
{
	AUTO_FD top_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top_fd < 0)
		return err_sys(err, "open /");
	return mount_attach(boot->root_fd, top_fd, err);
}

int inner_chroot(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (boot->spec->namespaces[NS_MOUNT].is_used) {
		if (is_at_its_path(boot) && move_root_to_top(boot, err) < 0)
			return -1;
		AUTO_FD proc_fd = procfs_open(err);
		AUTO_FD self_fd = proc_fd < 0 ? -1 : procfs_open_self(proc_fd, err);
		if (self_fd < 0 || root_hide_host_trees(boot->root_fd, self_fd, err) < 0)
			return -1;
	}
	return root_chroot(boot->root_fd, err);
}
