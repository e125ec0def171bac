/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External mounts go by the path they are mounted on, with symlinks resolved below the root, as
 * runc has it: one can restore what the other has saved. Masks are one exception: all of them are
 * the null device.
 */
#include "runtime/checkpoint/mounts.h"

#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/root/root.h"
#include "runtime/boot/plan.h"
#include "runtime/checkpoint/request.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MASK_NAME "/dev/null"

enum mount_kind { KIND_BIND, KIND_CGROUP, KIND_FS, KIND_NONE };

static int kind_of(const struct spec_mount *mount, enum mount_kind *out, struct err *err)
{
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	if (mount_options_parse(&mount->options, &options, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	struct stat st;
	bool is_bind = options.is_bind || boot_mount_is_bind(mount);
	if (options.is_remount || (options.copy_symlink && mount->source != NULL &&
				   lstat(mount->source, &st) == 0 && S_ISLNK(st.st_mode)))
		*out = KIND_NONE;
	else if (is_bind)
		*out = KIND_BIND;
	else
		*out = mount->type != NULL && strcmp(mount->type, "cgroup") == 0 ? KIND_CGROUP
										 : KIND_FS;
	if (*out == KIND_BIND && (options.idmap || mount->uid_maps_len > 0))
		return err_set(err, ERR_UNSUPPORTED,
			       "mount %s: CRIU does not save the id map of a mount",
			       mount->destination);
	if (*out == KIND_BIND && mount->source_mnt_ns != NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "mount %s: CRIU finds no source in another mount namespace",
			       mount->destination);
	return 0;
}

int checkpoint_check_mounts(const struct spec *spec, struct err *err)
{
	enum mount_kind kind;
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (kind_of(&spec->mounts[i], &kind, err) < 0)
			return -1;
	return 0;
}

static char *path_of(int fd)
{
	char text[PATH_MAX];
	ssize_t n = readlink(fd_proc_path(fd).text, text, sizeof(text) - 1);
	return n < 0 ? NULL : mem_strndup(text, (size_t)n);
}

/* Where a container path is below the root, without symlinks. What is not there on disk (it is on a
 * file system that the container has mounted) stays as it is written. */
static char *resolve(int root_fd, const char *destination)
{
	AUTO_FREE char *root_path = path_of(root_fd);
	AUTO_FREE char *prefix = mem_strdup(destination);
	size_t len = strlen(prefix);
	while (root_path != NULL && len > 1) {
		AUTO_FD fd = rooted_open(root_fd, prefix, O_PATH, 0, NULL);
		AUTO_FREE char *path = fd >= 0 ? path_of(fd) : NULL;
		size_t root_len = strlen(root_path);
		if (path != NULL && strncmp(path, root_path, root_len) == 0)
			return mem_printf("%s%s", path + root_len, destination + len);
		const char *slash = memrchr(prefix, '/', len);
		len = slash != NULL ? (size_t)(slash - prefix) : 0;
		prefix[len] = '\0';
	}
	return mem_strdup(destination);
}

static int open_rootfs(const struct spec *spec, struct err *err)
{
	int fd = open(spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "root file system %s", spec->root_path);
}

/* Without a cgroup namespace a container's view of its control group is made of binds; with one it
 * is a file system like others.
 * @finds  say where they are, else name them */
static void add_cgroup_view(const struct spec *spec, const char *place, const struct cgroup *cgroup,
			    bool finds, struct strv *request)
{
	struct cgroup_view_mount views[CGROUP_HIERARCHIES_MAX];
	if (spec->namespaces[NS_CGROUP].is_used || cgroup == NULL)
		return;
	size_t len = cgroup_view(cgroup, views);
	for (size_t i = 0; i < len; i++) {
		AUTO_FREE char *name = views[i].name[0] != '\0'
					       ? mem_printf("%s/%s", place, views[i].name)
					       : mem_strdup(place);
		request_add_mount(request, name, finds ? views[i].path : name);
	}
}

static int add_mounts(const struct spec *spec, const struct cgroup *cgroup, bool finds,
		      struct strv *request, struct err *err)
{
	AUTO_FD root_fd = open_rootfs(spec, err);
	if (root_fd < 0)
		return -1;
	for (size_t i = 0; i < spec->mounts_len; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		enum mount_kind kind;
		if (kind_of(mount, &kind, err) < 0)
			return -1;
		AUTO_FREE char *place = resolve(root_fd, mount->destination);
		if (kind == KIND_CGROUP)
			add_cgroup_view(spec, place, cgroup, finds, request);
		else if (kind == KIND_BIND)
			request_add_mount(request, place, finds ? mount->source : place);
	}
	/* Nodes are binds of the host's where the kernel forbids to make them. */
	for (size_t i = 0; i < spec->devices_len; i++)
		request_add_mount(request, spec->devices[i].path, spec->devices[i].path);
	for (size_t i = 0; spec->has_default_devices && i < root_default_devices_len; i++)
		request_add_mount(request, root_default_devices[i].path,
				  root_default_devices[i].path);
	return 0;
}

int checkpoint_name_mounts(const struct spec *spec, int root_fd, const struct cgroup *cgroup,
			   struct strv *request, struct err *err)
{
	for (size_t i = 0; i < spec->masked_paths.len; i++) {
		const char *path = spec->masked_paths.items[i];
		AUTO_FD fd = rooted_open(root_fd, path, O_PATH, 0, NULL);
		struct stat st;
		if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
			request_add_mount(request, path, MASK_NAME);
	}
	return add_mounts(spec, cgroup, false, request, err);
}

int checkpoint_find_mounts(const struct spec *spec, const struct cgroup *cgroup,
			   struct strv *request, struct err *err)
{
	if (spec->masked_paths.len > 0)
		request_add_mount(request, MASK_NAME, MASK_NAME);
	return add_mounts(spec, cgroup, true, request, err);
}

/* --- the root of a restore --- */

/* On a file system that CRIU mounts: the mount point is there already, or comes from the images. */
static bool is_inside_fs(const struct spec *spec, size_t index)
{
	const char *path = spec->mounts[index].destination;
	for (size_t i = 0; i < index; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		size_t len = strlen(mount->destination);
		enum mount_kind kind;
		if (strncmp(path, mount->destination, len) == 0 && path[len] == '/' &&
		    kind_of(mount, &kind, NULL) == 0 && kind == KIND_FS)
			return true;
	}
	return false;
}

static int attach_root(const struct spec *spec, const char *place, struct err *err)
{
	AUTO_FD mount_fd = mount_clone(AT_FDCWD, spec->root_path, true, err);
	if (mount_fd < 0)
		return -1;
	AUTO_FD place_fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place_fd < 0)
		return err_sys(err, "open %s", place);
	return mount_attach(mount_fd, place_fd, err);
}

/* A bind is mounted for the moment: mount points of later ones may be inside. */
static int make_point(int root_fd, const struct spec_mount *mount, bool is_bind, struct err *err)
{
	AUTO_FD source_fd = is_bind ? mount_clone(AT_FDCWD, mount->source, true, err) : -1;
	struct stat st = { .st_mode = S_IFDIR };
	if (is_bind && source_fd < 0)
		return -1;
	if (is_bind && fstat(source_fd, &st) < 0)
		return err_sys(err, "examine %s", mount->source);
	AUTO_FD point_fd = S_ISDIR(st.st_mode)
				   ? rooted_mkdirs(root_fd, mount->destination, 0755, err)
				   : rooted_mkfile(root_fd, mount->destination, 0644, err);
	if (point_fd < 0)
		return -1;
	return is_bind ? mount_attach(source_fd, point_fd, err) : 0;
}

static int make_points(const struct spec *spec, const char *place, struct err *err)
{
	AUTO_FD root_fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, "open %s", place);
	for (size_t i = 0; i < spec->mounts_len; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		enum mount_kind kind;
		if (kind_of(mount, &kind, err) < 0)
			return -1;
		if ((kind != KIND_BIND && kind != KIND_FS) || is_inside_fs(spec, i))
			continue;
		if (make_point(root_fd, mount, kind == KIND_BIND, err) < 0)
			return err_context(err, "mount %s", mount->destination);
	}
	return 0;
}

int checkpoint_make_root(const struct spec *spec, const char *place, struct err *err)
{
	/* Twice: the second one has nothing mounted in it. */
	if (attach_root(spec, place, err) < 0 || make_points(spec, place, err) < 0 ||
	    mount_detach(place, err) < 0)
		return -1;
	return attach_root(spec, place, err);
}
