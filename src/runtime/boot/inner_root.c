/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner process, second part: what it sees. The root is attached, filled with mounts, devices
 * and masks, and becomes "/". All container paths are resolved below root_fd by the rooted open;
 * everything mounted is a detached mount that we made or cloned ourselves.
 */
#include "runtime/boot/inner_borrow.h"
#include "runtime/boot/step_functions.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/sock.h"

#include "base/mem.h"
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

int inner_attach_root(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* On top of "/" itself: no directory has to be kept for it, and pivot_root(2) does not
	 * mind where the new root is mounted. Hooks, though, look for it at its own path. */
	const char *path = boot->plan->options->root.path;
	const char *place = path != NULL && boot_has_create_hooks(boot->spec) ? path : "/";
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

/* Where a mount goes: made if missing, a file for a file and a directory for anything else. */
static int open_target(struct boot *boot, const char *destination, int mount_fd, struct err *err)
{
	struct stat st;
	if (fstat(mount_fd, &st) < 0)
		return err_sys(err, "stat the source of %s", destination);
	if (S_ISDIR(st.st_mode))
		return rooted_mkdirs(boot->root_fd, destination, 0755, err);
	return rooted_mkfile(boot->root_fd, destination, 0644, err);
}

/* The last part may be a symlink, which is then covered itself; any other is an error. What is
 * missing is made first, and looked at again: it may be behind a symlink. */
static int open_target_nofollow(struct boot *boot, const char *destination, int mount_fd,
				struct err *err)
{
	struct err first = { 0 };
	for (bool is_made = false;; is_made = true) {
		int fd = rooted_open_nosymlink(boot->root_fd, destination, O_PATH | O_NOFOLLOW, 0,
					       &first);
		if (fd >= 0)
			return fd;
		if (first.errnum != ENOENT || is_made) {
			*err = first;
			return -1;
		}
		AUTO_FD made_fd = open_target(boot, destination, mount_fd, err);
		if (made_fd < 0)
			return -1;
	}
}

static int set_options(int mount_fd, const struct mount_options *options, bool is_new,
		       struct err *err)
{
	/* A new mount was born with its attributes; a clone has those of its source. */
	if (!is_new && (options->attr_set | options->attr_clear) != 0 &&
	    mount_set_attrs_kept(mount_fd, options->attr_set, options->attr_clear, false, err) < 0)
		return -1;
	if ((options->rec_attr_set | options->rec_attr_clear) != 0 &&
	    mount_set_attrs_kept(mount_fd, options->rec_attr_set, options->rec_attr_clear, true,
				 err) < 0)
		return -1;
	return 0;
}

static int attach(struct boot *boot, const struct spec_mount *mount,
		  const struct mount_options *options, int mount_fd, struct err *err)
{
	AUTO_FD target_fd = options->dest_nofollow
				    ? open_target_nofollow(boot, mount->destination, mount_fd, err)
				    : open_target(boot, mount->destination, mount_fd, err);
	if (target_fd < 0)
		return -1;
	if (mount_attach(mount_fd, target_fd, err) < 0)
		return -1;
	/* A clone of a shared source is a peer of it: private unless asked for. */
	unsigned long propagation = options->propagation;
	if (propagation == 0 && options->is_bind)
		propagation = MS_PRIVATE;
	if (propagation == 0)
		return 0;
	bool recursive = options->propagation != 0 ? options->propagation_recursive : true;
	return mount_set_propagation(mount_fd, propagation, recursive, err);
}

/* The new tree begins with what is at its place; it can be read-only only afterwards. */
static int copy_up(struct boot *boot, const struct spec_mount *mount,
		   const struct mount_options *options, int mount_fd, struct err *err)
{
	AUTO_FD from_fd = open_target(boot, mount->destination, mount_fd, err);
	if (from_fd < 0 || mount_copy_up(from_fd, mount_fd, err) < 0)
		return -1;
	uint64_t readonly = options->attr_set & MOUNT_ATTR_RDONLY;
	return readonly != 0 ? mount_set_attrs(mount_fd, readonly, 0, false, err) : 0;
}

static int mount_fs(struct boot *boot, const struct spec_mount *mount,
		    const struct mount_options *options, struct err *err)
{
	bool fills = options->tmpcopyup;
	uint64_t attrs = options->attr_set & ~(fills ? (uint64_t)MOUNT_ATTR_RDONLY : 0);
	unsigned long sb_flags = options->sb_flags & ~(fills ? (unsigned long)MS_RDONLY : 0);
	AUTO_FD mount_fd = mount_new(mount->type, mount->source, &options->data, attrs, sb_flags,
				     err);
	if (mount_fd < 0)
		mount_fd = inner_borrow_fs(boot, mount, options, err);
	if (mount_fd < 0)
		return -1;
	if (fills && copy_up(boot, mount, options, mount_fd, err) < 0)
		return -1;
	if (set_options(mount_fd, options, true, err) < 0 ||
	    attach(boot, mount, options, mount_fd, err) < 0)
		return -1;
#ifndef ONGGI_WEAK_A2
	if (strcmp(mount->type, "proc") == 0 && strcmp(mount->destination, "/proc") == 0) {
		fd_close(&boot->proc_mount_fd);
		boot->proc_mount_fd = fd_take(&mount_fd);
	}
#endif
	return 0;
}

static int mount_bind(struct boot *boot, size_t index, const struct mount_options *options,
		      struct err *err)
{
	int source_fd = boot->source_fds[index];
	if (set_options(source_fd, options, false, err) < 0)
		return -1;
	return attach(boot, &boot->spec->mounts[index], options, source_fd, err);
}

#define CGROUP_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* By path: the parent's descriptors belong to the mounts of its own namespace. */
static int bind_cgroup_dir(const char *path, int target_fd, uint64_t attrs, struct err *err)
{
	AUTO_FD mount_fd = mount_clone(AT_FDCWD, path, false, err);
	if (mount_fd < 0 || mount_set_attrs(mount_fd, attrs, 0, false, err) < 0)
		return -1;
	return mount_attach(mount_fd, target_fd, err);
}

/* v1: a directory per hierarchy on a tmpfs, with links for the controllers mounted together. */
static int add_v1_view(int view_fd, const struct cgroup_view_mount *view, uint64_t attrs,
		       struct err *err)
{
	if (mkdirat(view_fd, view->name, 0755) < 0)
		return err_sys(err, "make directory %s", view->name);
	AUTO_FD target_fd = rooted_open(view_fd, view->name, O_PATH | O_DIRECTORY, 0, err);
	if (target_fd < 0 || bind_cgroup_dir(view->path, target_fd, attrs, err) < 0)
		return -1;
	if (strchr(view->name, ',') == NULL)
		return 0;
	AUTO(struct strv, strv_done) controllers = { 0 };
	strv_split(&controllers, view->name, ',');
	for (size_t i = 0; i < controllers.len; i++)
		if (symlinkat(view->name, view_fd, controllers.items[i]) < 0)
			return err_sys(err, "make link %s", controllers.items[i]);
	return 0;
}

/* Mounting cgroup2 anew waits for an RCU grace period (5-12 ms); a bind of the directory we hold
 * shows the same through the cgroup namespace and costs 25 us. */
static int mount_cgroup(struct boot *boot, const struct spec_mount *mount,
			const struct mount_options *options, struct err *err)
{
	struct cgroup_view_mount views[CGROUP_HIERARCHIES_MAX];
	size_t len = boot->has_cgroup ? cgroup_view(&boot->cgroup, views) : 0;
	uint64_t attrs = CGROUP_ATTRS | options->attr_set;
	if (len == 0) {
		AUTO_FD mount_fd = inner_borrow_cgroups(boot, options, err);
		return mount_fd < 0 ? -1 : attach(boot, mount, options, mount_fd, err);
	}
	if (len == 1 && views[0].name[0] == '\0') {
		AUTO_FD target_fd = rooted_mkdirs(boot->root_fd, mount->destination, 0755, err);
		return target_fd < 0 ? -1 : bind_cgroup_dir(views[0].path, target_fd, attrs, err);
	}
	AUTO(struct strv, strv_done) data = { 0 };
	strv_add(&data, "mode=755");
	strv_add(&data, "size=64k");
	AUTO_FD view_fd = mount_new("tmpfs", "cgroup", &data, CGROUP_ATTRS, 0, err);
	if (view_fd < 0 || attach(boot, mount, options, view_fd, err) < 0)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (add_v1_view(view_fd, &views[i], attrs, err) < 0)
			return -1;
	return mount_set_attrs(view_fd, attrs, 0, false, err);
}

/* "remount" changes what an earlier row has mounted, or the root file system has there. */
static int remount(struct boot *boot, const struct spec_mount *mount,
		   const struct mount_options *options, struct err *err)
{
	AUTO_FD mount_fd = options->dest_nofollow
				   ? rooted_open_nosymlink(boot->root_fd, mount->destination,
							   O_PATH | O_NOFOLLOW, 0, err)
				   : rooted_open(boot->root_fd, mount->destination, O_PATH, 0, err);
	if (mount_fd < 0)
		return -1;
	if (!options->is_bind && mount_reconfigure(mount_fd, options, err) < 0)
		return -1;
	if (set_options(mount_fd, options, false, err) < 0)
		return -1;
	if (options->propagation == 0)
		return 0;
	return mount_set_propagation(mount_fd, options->propagation, options->propagation_recursive,
				     err);
}

static int mount_by_kind(struct boot *boot, size_t index, struct mount_options *options,
			 struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[index];
	/* The type alone says it as well. */
	options->is_bind |= boot_mount_is_bind(mount);
	if (options->is_remount)
		return remount(boot, mount, options, err);
	if (options->is_bind)
		return mount_bind(boot, index, options, err);
	if (mount->type == NULL)
		return err_set(err, ERR_INVALID, "neither a type nor the option bind");
	if (options->tmpcopyup && strcmp(mount->type, "tmpfs") != 0)
		return err_set(err, ERR_INVALID, "the option tmpcopyup is for a tmpfs");
	if (strcmp(mount->type, "cgroup") == 0)
		return mount_cgroup(boot, mount, options, err);
	return mount_fs(boot, mount, options, err);
}

int inner_mount(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[op->mount];
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	if (mount_options_parse(&mount->options, &options, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	if (mount_by_kind(boot, op->mount, &options, err) == 0)
		return 0;
	return err_context(err, "%s on %s", mount->type != NULL ? mount->type : "bind",
			   mount->destination);
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
	if (root_bind_console(boot->root_fd, slave_fd, err) < 0)
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

int inner_mask_path(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const char *path = op->path;
	int base_fd = mask_base(boot, &path);
	return root_mask_path(base_fd, &boot->masks, path, err);
}

int inner_readonly_path(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const char *path = op->path;
	int base_fd = mask_base(boot, &path);
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

int inner_chroot(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return root_chroot(boot->root_fd, err);
}
