/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner process: one mount of the configuration. What is mounted is a descriptor, made or
 * cloned detached; where it goes is a descriptor as well, resolved below the root in one call, and
 * looked at before anything is put on it: what lies in a procfs is the kernel's, and only a few
 * files of it may be covered.
 */
#include "runtime/boot/inner_borrow.h"
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "kernel/lsm/lsm.h"
#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROC_ROOT_INO 1 /* of every procfs: PROC_ROOT_INO, include/linux/proc_ns.h */

/* The next component of a path, without "." and empty ones. @return its length, 0 at the end */
static size_t next_component(const char **path)
{
	for (;;) {
		*path += strspn(*path, "/");
		size_t len = strcspn(*path, "/");
		if (len != 1 || **path != '.')
			return len;
		*path += 1;
	}
}

/* Is `path` the path `top`, or below it? By its words: ".." and symlinks are not understood.
 * @return what follows, "" for `top` itself; NULL if it is elsewhere */
static const char *path_below(const char *path, const char *top)
{
	for (;;) {
		size_t top_len = next_component(&top), len = next_component(&path);
		if (top_len == 0)
			return path;
		if (len != top_len || memcmp(path, top, len) != 0)
			return NULL;
		path += len;
		top += len;
	}
}

static bool is_path(const char *path, const char *wanted)
{
	const char *rest = path_below(path, wanted);
	return rest != NULL && *rest == '\0';
}

/* What lxcfs and CRIU cover; all else in a procfs tells the truth. */
static bool may_be_covered(const char *destination)
{
	static const char *const files[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
		"/proc/meminfo", "/proc/net/dev",   "/proc/slabinfo",
		"/proc/stat",    "/proc/swaps",     "/proc/sys/kernel/ns_last_pid",
		"/proc/uptime",
	};
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (is_path(destination, files[i]))
			return true;
	return false;
}

/* The target says what it is, whatever path led to it; the path alone counts as well, since a
 * procfs may come later. */
static int check_target(const char *destination, int mount_fd, int target_fd, struct err *err)
{
	if (is_path(destination, "/"))
		return err_set(err, ERR_INVALID,
			       "the root file system is root.path: nothing is mounted on /");
	long target_magic = mount_fs_magic(target_fd);
	if (target_magic < 0)
		return err_sys(err, "examine %s", destination);
	bool is_on_procfs = target_magic == PROC_SUPER_MAGIC;
	const char *below = path_below(destination, "/proc");
	if (!is_on_procfs && below == NULL)
		return 0;
	struct stat st;
	if (fstat(target_fd, &st) < 0)
		return err_sys(err, "examine %s", destination);
	bool is_top = is_on_procfs ? st.st_ino == PROC_ROOT_INO : *below == '\0';
	long magic = is_top ? mount_fs_magic(mount_fd) : PROC_SUPER_MAGIC;
	if (magic < 0)
		return err_sys(err, "examine what is to be mounted on %s", destination);
	if (is_top && magic == PROC_SUPER_MAGIC)
		return 0;
	if (!is_top && may_be_covered(destination))
		return 0;
	return err_set(err, ERR_INVALID,
		       is_top ? "only a proc file system can be mounted on /proc"
			      : "nothing but a few status files can be mounted inside /proc");
}

/* The kernel says ENOTDIR of either. @return -1 */
static int explain_kinds(int mount_fd, struct err *err)
{
	struct stat source;
	if (err == NULL || err->errnum != ENOTDIR || fstat(mount_fd, &source) < 0)
		return -1;
	return err_num(err, ENOTDIR,
		       S_ISDIR(source.st_mode) ? "a directory cannot be mounted on a file"
					       : "a file cannot be mounted on a directory");
}

/* Where a mount goes: made if missing, a file for a file and a directory for anything else. */
static int open_target(struct boot *boot, const char *destination, int mount_fd, struct err *err)
{
	struct stat st;
	if (fstat(mount_fd, &st) < 0)
		return err_sys(err, "stat the source of %s", destination);
	if (S_ISDIR(st.st_mode)) {
		int fd = rooted_mkdirs(boot->root_fd, destination, 0755, err);
		return fd >= 0 ? fd : explain_kinds(mount_fd, err);
	}
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

static int set_propagation(int mount_fd, const struct mount_options *options, struct err *err)
{
	/* One after the other: "slave" and then "shared" is both. */
	for (size_t i = 0; i < options->propagation_len; i++) {
		unsigned long flags = options->propagation[i];
		if (mount_set_propagation(mount_fd, flags & ~(unsigned long)MS_REC,
					  (flags & MS_REC) != 0, err) < 0)
			return -1;
	}
	return 0;
}

static int set_options(int mount_fd, const struct mount_options *options, bool is_new,
		       struct err *err)
{
	/* A new mount was born with its attributes; a clone has those of its source. */
	if (!is_new &&
	    mount_set_attrs_kept(mount_fd, options->attr_set, options->attr_clear, false, err) < 0)
		return -1;
	return mount_set_attrs_kept(mount_fd, options->rec_attr_set, options->rec_attr_clear, true,
				    err);
}

static int attach_at(struct boot *boot, const struct spec_mount *mount,
		     const struct mount_options *options, const int fds[2], struct err *err)
{
	int mount_fd = fds[0], target_fd = fds[1];
	if (check_target(mount->destination, mount_fd, target_fd, err) < 0)
		return -1;
	if (mount_attach(mount_fd, target_fd, err) < 0)
		return explain_kinds(mount_fd, err);
#ifndef ONGGI_WEAK_A2
	if (is_path(mount->destination, "/proc")) {
		fd_close(&boot->proc_mount_fd);
		boot->proc_mount_fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 0);
	}
#endif
	/* A clone of a shared source is a peer of it: private unless asked for. */
	if (options->propagation_len == 0 && options->is_bind)
		return mount_set_propagation(mount_fd, MS_PRIVATE, true, err);
	return set_propagation(mount_fd, options, err);
}

static int attach(struct boot *boot, const struct spec_mount *mount,
		  const struct mount_options *options, int mount_fd, struct err *err)
{
	AUTO_FD target_fd = options->dest_nofollow
				    ? open_target_nofollow(boot, mount->destination, mount_fd, err)
				    : open_target(boot, mount->destination, mount_fd, err);
	if (target_fd < 0)
		return -1;
	return attach_at(boot, mount, options, (const int[]){ mount_fd, target_fd }, err);
}

/* procfs and sysfs say what the container is; a path that leads elsewhere is no place for them. */
static int open_ordinary_dir(struct boot *boot, const struct spec_mount *mount, struct err *err)
{
	const int flags = O_PATH | O_DIRECTORY;
	int fd = rooted_open_nosymlink(boot->root_fd, mount->destination, flags, 0, err);
	if (fd < 0 && errno == ENOENT) {
		AUTO_FD made_fd = rooted_mkdirs(boot->root_fd, mount->destination, 0755, err);
		if (made_fd < 0)
			return -1;
		fd = rooted_open_nosymlink(boot->root_fd, mount->destination, flags, 0, err);
	}
	if (fd < 0)
		err_hint(err,
			 "a %s file system must be mounted on ordinary directory, not by way of a "
			 "symbolic link",
			 mount->type);
	return fd;
}

/* The directory that a new file system covers. A tmpfs takes over its mode, unless it is told one:
 * /tmp stays open to all. */
static int open_covered_dir(struct boot *boot, const struct spec_mount *mount,
			    struct mount_options *options, struct err *err)
{
	if (strcmp(mount->type, "proc") == 0 || strcmp(mount->type, "sysfs") == 0)
		return open_ordinary_dir(boot, mount, err);
	bool wants_mode = strcmp(mount->type, "tmpfs") == 0;
	for (size_t i = 0; i < options->data.len; i++)
		wants_mode &= strncmp(options->data.items[i], "mode=", 5) != 0;
	AUTO_FD fd = wants_mode ? rooted_open(boot->root_fd, mount->destination,
					      O_PATH | O_DIRECTORY, 0, NULL)
				: -1;
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return rooted_mkdirs(boot->root_fd, mount->destination, 0755, err);
	AUTO_FREE char *mode = mem_printf("mode=%o", st.st_mode & 07777);
	strv_add(&options->data, mode);
	return fd_take(&fd);
}

static int make_fs(struct boot *boot, size_t index, const struct mount_options *options,
		   uint64_t attrs, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[index];
	if (boot->source_fds[index] >= 0)
		return fd_take(&boot->source_fds[index]);
	unsigned long sb_flags = options->sb_flags;
	/* Read-only is the mount, not the file system: it can become writable by "remount". */
	if (strcmp(mount->type, "tmpfs") == 0)
		sb_flags &= ~(unsigned long)MS_RDONLY;
	const char *source = mount->source != NULL ? mount->source : mount->type;
	int fd = mount_new(mount->type, source, &options->data, attrs, sb_flags, err);
	return fd >= 0 ? fd : inner_borrow_fs(boot, mount, options, err);
}

/* SELinux labels the files of a file system as it is mounted; those of the kernel's own have labels
 * from the policy. Without SELinux the option would be an unknown one: no label, as in crun. */
static void add_label(const struct boot *boot, const char *type, struct strv *data)
{
	static const char *const unlabelled[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };
	const struct spec *spec = boot->spec;
	if (spec->mount_label == NULL || spec->mount_label[0] == '\0' || !lsm_has_selinux())
		return;
	for (size_t i = 0; i < ARRAY_LEN(unlabelled); i++)
		if (strcmp(type, unlabelled[i]) == 0)
			return;
	const char *kind = spec->mount_context_type != NULL ? spec->mount_context_type : "context";
	AUTO_FREE char *word = mem_printf("%s=%s", kind, spec->mount_label);
	if (strv_env_get(data, kind) == NULL)
		strv_add(data, word);
}

static int mount_fs(struct boot *boot, size_t index, struct mount_options *options, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[index];
	bool is_late = boot_mount_is_sealed_late(mount) || options->tmpcopyup;
	uint64_t attrs = options->attr_set & ~(is_late ? (uint64_t)MOUNT_ATTR_RDONLY : 0);
	if (options->idmap || mount->uid_maps_len > 0)
		return err_set(err, ERR_UNSUPPORTED, "only a bind can be mounted with mapped ids");
	AUTO_FD target_fd = options->dest_nofollow ? -1
						   : open_covered_dir(boot, mount, options, err);
	if (target_fd < 0 && !options->dest_nofollow)
		return -1;
	add_label(boot, mount->type, &options->data);
	AUTO_FD mount_fd = make_fs(boot, index, options, attrs, err);
	if (mount_fd < 0)
		return -1;
	if (target_fd < 0)
		target_fd = open_target_nofollow(boot, mount->destination, mount_fd, err);
	if (target_fd < 0)
		return -1;
	if (options->tmpcopyup && mount_copy_up(target_fd, mount_fd, err) < 0)
		return -1;
	if (set_options(mount_fd, options, true, err) < 0 ||
	    attach_at(boot, mount, options, (const int[]){ mount_fd, target_fd }, err) < 0)
		return -1;
	if (is_late && (options->attr_set & MOUNT_ATTR_RDONLY) != 0)
		boot->source_fds[index] = fd_take(&mount_fd);
	return 0;
}

/* "copy-symlink": the link itself is made again. One with the same text may be there. */
static int copy_symlink(struct boot *boot, const struct spec_mount *mount, int link_fd,
			struct err *err)
{
	char text[PATH_MAX], there[PATH_MAX], parent[PATH_MAX];
	ssize_t len = readlinkat(link_fd, "", text, sizeof(text) - 1);
	if (len < 0)
		return err_sys(err, "read the symlink %s", mount->source);
	text[len] = '\0';
	const char *slash = strrchr(mount->destination, '/');
	if (slash[1] == '\0' || (size_t)(slash - mount->destination) >= sizeof(parent))
		return err_set(err, ERR_INVALID, "a symlink needs a name");
	memcpy(parent, mount->destination, (size_t)(slash - mount->destination));
	parent[slash - mount->destination] = '\0';
	AUTO_FD parent_fd = rooted_mkdirs(boot->root_fd, parent, 0755, err);
	if (parent_fd < 0)
		return -1;
	if (symlinkat(text, parent_fd, slash + 1) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "make the symlink");
	ssize_t there_len = readlinkat(parent_fd, slash + 1, there, sizeof(there));
	if (there_len == len && memcmp(there, text, (size_t)len) == 0)
		return 0;
	return err_set(err, ERR_CONFLICT, "something else than the symlink to %s is there", text);
}

static int mount_bind(struct boot *boot, size_t index, const struct mount_options *options,
		      struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[index];
	int source_fd = boot->source_fds[index];
	struct stat st;
	if (options->copy_symlink && fstat(source_fd, &st) == 0 && S_ISLNK(st.st_mode))
		return copy_symlink(boot, mount, source_fd, err);
	if (set_options(source_fd, options, false, err) < 0)
		return -1;
	return attach(boot, mount, options, source_fd, err);
}

#define CGROUP_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* By path: the parent's descriptors belong to the mounts of its own namespace. */
static int clone_cgroup_dir(const char *path, uint64_t attrs, struct err *err)
{
	AUTO_FD mount_fd = mount_clone(AT_FDCWD, path, false, err);
	if (mount_fd < 0 || mount_set_attrs(mount_fd, attrs, 0, false, err) < 0)
		return -1;
	return fd_take(&mount_fd);
}

/* v1: a directory per hierarchy on a tmpfs, with links for the controllers mounted together. */
static int add_v1_view(int view_fd, const struct cgroup_view_mount *view, uint64_t attrs,
		       struct err *err)
{
	if (mkdirat(view_fd, view->name, 0755) < 0)
		return err_sys(err, "make directory %s", view->name);
	AUTO_FD target_fd = rooted_open(view_fd, view->name, O_PATH | O_DIRECTORY, 0, err);
	if (target_fd < 0)
		return -1;
	AUTO_FD mount_fd = clone_cgroup_dir(view->path, attrs, err);
	if (mount_fd < 0 || mount_attach(mount_fd, target_fd, err) < 0)
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
	uint64_t attrs = CGROUP_ATTRS | options->attr_set | options->rec_attr_set;
	if (len == 0) {
		AUTO_FD mount_fd = inner_borrow_cgroups(boot, options, err);
		return mount_fd < 0 ? -1 : attach(boot, mount, options, mount_fd, err);
	}
	if (len == 1 && views[0].name[0] == '\0') {
		AUTO_FD mount_fd = clone_cgroup_dir(views[0].path, attrs, err);
		return mount_fd < 0 ? -1 : attach(boot, mount, options, mount_fd, err);
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
	return set_propagation(mount_fd, options, err);
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
	if (mount->type == NULL || strcmp(mount->type, "none") == 0 || mount->type[0] == '\0')
		return err_set(err, ERR_INVALID, "neither a type nor the option bind");
	if (options->tmpcopyup && strcmp(mount->type, "tmpfs") != 0)
		return err_set(err, ERR_INVALID, "the option tmpcopyup is for a tmpfs");
	if (strcmp(mount->type, "cgroup") == 0)
		return mount_cgroup(boot, mount, options, err);
	return mount_fs(boot, index, options, err);
}

int inner_mount(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[op->mount];
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	if (mount_options_parse(&mount->options, &options, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	if (mount_by_kind(boot, op->mount, &options, err) == 0)
		return 0;
	if (options.is_bind && mount->source != NULL)
		return err_context(err, "bind %s on %s", mount->source, mount->destination);
	return err_context(err, "%s on %s", mount->type != NULL ? mount->type : "bind",
			   mount->destination);
}

int inner_seal_mount(struct boot *boot, const struct boot_op *op, struct err *err)
{
	int mount_fd = boot->source_fds[op->mount];
	if (mount_fd < 0)
		return 0; /* a later "rw" has the last word */
	if (mount_set_attrs(mount_fd, MOUNT_ATTR_RDONLY, 0, false, err) < 0)
		return err_context(err, "%s", boot->spec->mounts[op->mount].destination);
	return 0;
}
