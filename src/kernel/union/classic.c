/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unions on kernels that know no "lowerdir+": one string names all layers. It is made of the
 * numbers of descriptors, resolved in /proc/self/fd as the working directory. Up to 255 bytes go
 * through fsconfig(2) (some 60 layers); beyond, mount(2) takes a page, but it can only attach:
 * that happens in a mount namespace that lasts as long as the call, where the result is cloned.
 *
 * Both need a working directory, or a mount namespace, that is not the caller's: a child that
 * shares our memory and descriptors, but not those, does the work while we wait.
 * Kernel: 5.10.
 */
#include "kernel/union/classic.h"

#include "base/mem.h"
#include "kernel/mount/aside.h"
#include "kernel/mount/mount.h"
#include "kernel/union/steps.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRING_MAX 255  /* fsconfig(2) */
#define PAGE_MAX   4095 /* mount(2) */

struct classic {
	const struct overlay *overlay;
	struct err *err;
	int base_fd;    /* the base directory in the namespace that mounts */
	int *layer_fds; /* lower_len of them, then upper and work */
	size_t layer_fds_len;
	struct buf lower;   /* "5:6:7" */
	struct buf options; /* everything, for mount(2) */
	int result_fd;
};

static int open_layer(struct classic *classic, const char *name)
{
	int fd = openat(classic->base_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(classic->err, "overlay layer %s", name);
	classic->layer_fds[classic->layer_fds_len++] = fd;
	return 0;
}

/* The mount of a layer with its ids mapped. Only an attached one is taken: all of them are put on
 * "/", one over the other, where no path leads to them. */
static int open_idmapped(struct classic *classic, const char *name)
{
	AUTO_FD slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD fd = mount_clone(classic->base_fd, name, false, classic->err);
	if (slash_fd < 0 || fd < 0)
		return err_context(classic->err, "overlay layer %s", name);
	if (mount_set_idmap(fd, classic->overlay->idmap_userns_fd, false, classic->err) < 0 ||
	    mount_attach(fd, slash_fd, classic->err) < 0)
		return err_context(classic->err, "overlay layer %s", name);
	return fd_take(&fd);
}

/* upper and work are on one mount, a clone of their base. */
static int open_idmapped_upper(struct classic *classic)
{
	const char *const names[] = { classic->overlay->upper, classic->overlay->work };
	AUTO_FD base_fd = open_idmapped(classic, "");
	if (base_fd < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		int fd = openat(base_fd, names[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(classic->err, "overlay layer %s", names[i]);
		classic->layer_fds[classic->layer_fds_len++] = fd;
	}
	struct stat work;
	struct overlay_actor unused; /* the child ends as who it has become */
	if (fstat(classic->layer_fds[classic->layer_fds_len - 1], &work) < 0)
		return err_sys(classic->err, "overlay layer %s", names[1]);
	return overlay_act_as(work.st_uid, work.st_gid, &unused, classic->err);
}

static int open_idmapped_layers(struct classic *classic)
{
	const struct overlay *overlay = classic->overlay;
	for (size_t i = 0; i < overlay->lower_len; i++) {
		int fd = open_idmapped(classic, overlay->lower[i]);
		if (fd < 0)
			return -1;
		classic->layer_fds[classic->layer_fds_len++] = fd;
	}
	return overlay->upper != NULL ? open_idmapped_upper(classic) : 0;
}

static int open_layers(struct classic *classic)
{
	const struct overlay *overlay = classic->overlay;
	for (size_t i = 0; i < overlay->lower_len; i++)
		if (open_layer(classic, overlay->lower[i]) < 0)
			return -1;
	if (overlay->upper == NULL)
		return 0;
	return open_layer(classic, overlay->upper) < 0 ? -1 : open_layer(classic, overlay->work);
}

static void close_layers(struct classic *classic)
{
	for (size_t i = 0; i < classic->layer_fds_len; i++)
		close(classic->layer_fds[i]);
	classic->layer_fds_len = 0;
}

static void write_strings(struct classic *classic)
{
	const struct overlay *overlay = classic->overlay;
	const int *fds = classic->layer_fds;
	buf_reset(&classic->lower);
	buf_reset(&classic->options);
	for (size_t i = 0; i < overlay->lower_len; i++)
		buf_addf(&classic->lower, "%s%d", i > 0 ? ":" : "", fds[i]);
	buf_addf(&classic->options, "lowerdir=%s", buf_str(&classic->lower));
	if (overlay->upper != NULL)
		buf_addf(&classic->options, ",upperdir=%d,workdir=%d,index=off",
			 fds[overlay->lower_len], fds[overlay->lower_len + 1]);
	buf_add_str(&classic->options,
		    overlay->is_unprivileged ? ",userxattr" : ",redirect_dir=off,metacopy=off");
	if (overlay->is_volatile)
		buf_add_str(&classic->options, ",volatile");
}

static int set_string(struct classic *classic, int fs_fd, const char *key, const char *value)
{
	if (fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) == 0)
		return 0;
	err_sys(classic->err, "overlay option %s", key);
	mount_explain(fs_fd, classic->err);
	return -1;
}

static int set_upper(struct classic *classic, int fs_fd)
{
	const struct overlay *overlay = classic->overlay;
	if (overlay->upper == NULL)
		return 0;
	struct fd_path upper = fd_proc_path(classic->layer_fds[overlay->lower_len]);
	struct fd_path work = fd_proc_path(classic->layer_fds[overlay->lower_len + 1]);
	if (set_string(classic, fs_fd, "upperdir", upper.text) < 0)
		return -1;
	return set_string(classic, fs_fd, "workdir", work.text);
}

static int mount_by_string(struct classic *classic)
{
	AUTO_FD fs_fd = mount_open_fs("overlay", classic->err);
	if (fs_fd < 0)
		return -1;
	if (set_string(classic, fs_fd, "lowerdir", buf_str(&classic->lower)) < 0 ||
	    set_upper(classic, fs_fd) < 0 ||
	    overlay_set_options(fs_fd, classic->overlay, classic->err) < 0)
		return -1;
	return overlay_create(fs_fd, classic->overlay, classic->err);
}

/* A namespace of our own; the working directory moves along with it, descriptors do not. */
static int enter_own_namespace(struct classic *classic)
{
	if (classic->base_fd != AT_FDCWD && fchdir(classic->base_fd) < 0)
		return err_sys(classic->err, "enter the directory of the layers");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(classic->err, "make a mount namespace");
	if (mount_change_all(MS_PRIVATE, classic->err) < 0)
		return -1;
	classic->base_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return classic->base_fd < 0 ? err_sys(classic->err, "open the directory of the layers") : 0;
}

static int mount_by_page(struct classic *classic)
{
	struct err *err = classic->err;
	const char *first = classic->overlay->lower[0];
	if (classic->options.len > PAGE_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "%zu layers do not fit into this kernel's mount options: it takes "
			       "them one by one from Linux 6.8",
			       classic->overlay->lower_len);
	/* Any directory will do to attach it to, and the first layer is one that we have. */
	AUTO_FD target_fd = openat(classic->base_fd, first, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(err, "overlay layer %s", first);
	if (mount("overlay", fd_proc_path(target_fd).text, "overlay", 0, classic->options.data) < 0)
		return err_sys(err, "mount an overlay of %zu layers", classic->overlay->lower_len);
	return mount_clone(classic->base_fd, first, false, err);
}

static int mount_opened(struct classic *classic)
{
	if (chdir("/proc/self/fd") < 0)
		return err_sys(classic->err, "enter /proc/self/fd");
	return classic->lower.len > STRING_MAX ? mount_by_page(classic) : mount_by_string(classic);
}

static int mount_in_own_namespace(struct classic *classic)
{
	if (enter_own_namespace(classic) < 0)
		return -1;
	bool is_idmapped = classic->overlay->idmap_userns_fd >= 0;
	if ((is_idmapped ? open_idmapped_layers(classic) : open_layers(classic)) < 0)
		return -1;
	write_strings(classic);
	return mount_opened(classic);
}

static int mount_aside(void *argument)
{
	struct classic *classic = argument;
	if (classic->overlay->idmap_userns_fd < 0) {
		if (open_layers(classic) < 0)
			return -1;
		write_strings(classic);
	}
	if (classic->overlay->idmap_userns_fd >= 0 || classic->lower.len > STRING_MAX) {
		close_layers(classic);
		classic->result_fd = mount_in_own_namespace(classic);
	} else {
		classic->result_fd = mount_opened(classic);
	}
	return 0;
}

int overlay_mount_classic(const struct overlay *overlay, struct err *err)
{
	struct err unused;
	struct classic classic = {
		.overlay = overlay,
		.err = err != NULL ? err : &unused,
		.base_fd = overlay->base_dir_fd,
		.result_fd = -1,
	};
	AUTO_FREE int *layer_fds = mem_alloc(overlay->lower_len + 2, sizeof(int));
	classic.layer_fds = layer_fds;
	mount_run_aside(mount_aside, &classic, err);
	close_layers(&classic);
	if (classic.base_fd != overlay->base_dir_fd)
		fd_close(&classic.base_fd);
	buf_done(&classic.lower);
	buf_done(&classic.options);
	return classic.result_fd;
}
