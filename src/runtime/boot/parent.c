/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's steps: everything that needs the host. What crosses into the container is handed
 * over as descriptors (a detached root, detached bind sources, cgroup directories). Root and
 * sources are taken by the inner process, with the functions here, where the parent has no right
 * to.
 */
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/privilege.h"
#include "kernel/ns/subid.h"
#include "runtime/boot/id_words.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROC_CGROUP_MAX 65536

int parent_make_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	if (cgroup_create(boot->layout, spec->cgroups_path, &spec->limits, &boot->cgroup, err) < 0)
		return -1;
	boot->has_cgroup = true;
	return 0;
}

int parent_begin_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	if (cgroup_begin(boot->layout, spec->cgroups_path, &spec->limits, &boot->cgroup, err) < 0)
		return -1;
	boot->has_cgroup = true;
	return 0;
}

int parent_complete_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return cgroup_complete(&boot->cgroup, err);
}

int parent_make_scope(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	char *path = boot->board->cgroup_path; /* the inner process looks for it there */
	int started = scope_start(boot->plan->options->scope, boot->pid, path, err);
	/* After a conflict the unit is somebody else's, and not ours to stop. */
	boot->has_unit = started == 0 || err == NULL || err->kind != ERR_CONFLICT;
	if (started < 0)
		return -1;
	if (cgroup_adopt(boot->layout, path, &spec->limits, boot->pid, &boot->cgroup, err) < 0)
		return -1;
	boot->has_cgroup = true;
	return 0;
}

int parent_set_limits(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return cgroup_apply(&boot->cgroup, &boot->spec->limits, err);
}

int parent_mount_overlay(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct overlay overlay = *boot->plan->options->root.overlay;
	AUTO_FD userns_fd = -1;
	if (boot->plan->has_user_ns) {
		const struct spec *spec = boot->spec;
		userns_fd = ns_open_user_with_maps(spec->uid_maps, spec->uid_maps_len,
						   spec->gid_maps, spec->gid_maps_len, err);
		if (userns_fd < 0)
			return -1;
		overlay.idmap_userns_fd = userns_fd;
	}
	boot->root_fd = overlay_mount(&overlay, err);
	return boot->root_fd < 0 ? -1 : 0;
}

int parent_open_rootfs(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const char *path = boot->plan->options->root.path;
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(err, "root file system %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, "root file system %s is not a directory", path);
	boot->root_fd = mount_clone(AT_FDCWD, path, true, err);
	return boot->root_fd < 0 ? -1 : 0;
}

/* A bind's own maps, or the container's when it only says "idmap". */
static int open_idmap(const struct spec *spec, const struct spec_mount *mount, const char *words,
		      struct err *err)
{
	if (words != NULL && *words != '\0') {
		AUTO_FREE struct id_words *own = mem_alloc(1, sizeof(*own));
		if (id_words_parse(words, spec, own, err) < 0)
			return -1;
		return ns_open_user_with_maps(own->uids, own->uids_len, own->gids, own->gids_len,
					      err);
	}
	if (mount->uid_maps_len > 0)
		return ns_open_user_with_maps(mount->uid_maps, mount->uid_maps_len, mount->gid_maps,
					      mount->gid_maps_len, err);
	/* What the configuration says beside a joined one may be wrong. */
	const struct spec_namespace *user_ns = &spec->namespaces[NS_USER];
	if (user_ns->path != NULL)
		return ns_open(NS_USER, user_ns->path, err);
	if (spec->uid_maps_len == 0 || spec->gid_maps_len == 0)
		return err_set(err, ERR_INVALID,
			       "idmap needs a user namespace or mappings of its own");
	return ns_open_user_with_maps(spec->uid_maps, spec->uid_maps_len, spec->gid_maps,
				      spec->gid_maps_len, err);
}

static int idmap_source(struct boot *boot, const struct spec_mount *mount,
			const struct mount_options *options, int source_fd, struct err *err)
{
	AUTO_FD userns_fd = open_idmap(boot->spec, mount, options->idmap_words, err);
	if (userns_fd < 0 ||
	    mount_set_idmap(source_fd, userns_fd, options->idmap_recursive, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	return 0;
}

static int clone_source(const struct spec_mount *mount, const struct mount_options *options,
			struct err *err)
{
	if (mount->source_mnt_ns == NULL && (options->src_nofollow || options->copy_symlink)) {
		AUTO_FD source_fd = open(mount->source, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		struct stat st;
		if (source_fd < 0 || fstat(source_fd, &st) < 0)
			return err_sys(err, "open %s", mount->source);
		/* The inner process reads the link, and makes it again. */
		if (options->copy_symlink && S_ISLNK(st.st_mode))
			return fd_take(&source_fd);
		return mount_clone(source_fd, "", options->is_recursive, err);
	}
	if (mount->source_mnt_ns == NULL)
		return mount_clone(AT_FDCWD, mount->source, options->is_recursive, err);
	AUTO_FD mnt_ns_fd = ns_open(NS_MOUNT, mount->source_mnt_ns, err);
	return mnt_ns_fd < 0 ? -1 : mount_clone_in(mnt_ns_fd, mount->source, err);
}

int parent_clone_source(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[op->mount];
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	if (mount_options_parse(&mount->options, &options, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	if (options.is_remount)
		return 0; /* what is changed is there already */
	if (mount->source == NULL || mount->source[0] != '/')
		return err_set(err, ERR_INVALID, "mount %s: the source must be an absolute path",
			       mount->destination);
	AUTO_FD source_fd = clone_source(mount, &options, err);
	if (source_fd < 0)
		return err_context(err, "mount %s", mount->destination);
	/* Maps say it as well as the word: config.md, "uidMappings". */
	if ((options.idmap || mount->uid_maps_len > 0) &&
	    idmap_source(boot, mount, &options, source_fd, err) < 0)
		return -1;
	boot->source_fds[op->mount] = fd_take(&source_fd);
	return 0;
}

static bool is_namespace_of(int ns_fd, const char *process)
{
	AUTO_FREE char *path = mem_printf("/proc/%s/ns/mnt", process);
	struct stat ours, theirs;
	return fstat(ns_fd, &theirs) == 0 && stat(path, &ours) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int parent_open_namespace(struct boot *boot, const struct boot_op *op, struct err *err)
{
	int ns_fd = ns_open(op->ns, boot->spec->namespaces[op->ns].path, err);
	if (ns_fd < 0)
		return -1;
	boot->ns_fds[op->ns] = ns_fd;
	/* The container's root takes the place of its own. */
	if (op->ns == NS_MOUNT && (is_namespace_of(ns_fd, "self") || is_namespace_of(ns_fd, "1")))
		return err_set(err, ERR_INVALID,
			       "%s is the mount namespace of the host: its root would be replaced",
			       boot->spec->namespaces[NS_MOUNT].path);
	return 0;
}

int parent_open_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct strv *below = boot->plan->target->cgroups;
	if (cgroup_open(boot->layout, boot->spec->cgroups_path, &boot->cgroup, err) < 0)
		return -1;
	boot->has_cgroup = true;
	for (size_t i = 0; below != NULL && i < below->len; i++)
		if (cgroup_descend(&boot->cgroup, below->items[i], err) < 0)
			return -1;
	return 0;
}

/* Where the container's first process is now: a v2 cgroup that passes on controllers can have no
 * processes, and a service manager inside makes the container's own one such (EBUSY). */
static int follow_first_process(struct boot *boot)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FREE char *path = mem_printf("/proc/%d/cgroup", (int)boot->plan->target->pid);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, PROC_CGROUP_MAX, path, &text, NULL) < 0)
		return -1;
	const char *line = strstr(buf_str(&text), "0::/");
	if (line == NULL)
		return -1;
	const char *where = line + strlen("0::");
	AUTO_FREE char *now = mem_strndup(where, strcspn(where, "\n"));
	struct cgroup cgroup;
	if (cgroup_open(boot->layout, now, &cgroup, NULL) < 0)
		return -1;
	cgroup_done(&boot->cgroup);
	boot->cgroup = cgroup;
	return 0;
}

static bool is_crowded_out(const struct boot *boot, const struct err *err)
{
	const struct boot_target *target = boot->plan->target;
	return err->errnum == EBUSY && target != NULL && boot->has_cgroup &&
	       (target->cgroups == NULL || target->cgroups->len == 0);
}

int parent_start_inner(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	pid_t pid = boot_clone_inner(boot, 0, &boot->pidfd, err);
	if (pid < 0 && boot->plan->has_user_ns)
		ns_explain_refusal(err);
	if (pid < 0)
		return -1;
	boot->pid = pid;
	fd_close(&boot->child_sock);
	return 0;
}

/* The board is no proof: whoever traces the process that it names could have written it. But only
 * that process is a child of ours besides the one that has gone out. */
static int take_entered(struct boot *boot, struct err *err)
{
	pid_t pid = boot->board->entered_pid;
	siginfo_t info;
	if (pid <= 0 || pid == boot->outer_pid)
		return boot_describe_death(boot, err);
	AUTO_FD pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH ? boot_describe_death(boot, err)
				      : err_call(err, "pidfd_open", "open process %d", (int)pid);
	if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return errno == ECHILD ? boot_describe_death(boot, err)
				       : err_call(err, "waitid", "look at process %d", (int)pid);
	boot->pid = pid;
	boot->pidfd = fd_take(&pidfd);
	return 0;
}

int parent_start_entering(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct err first = { 0 };
	pid_t pid = boot_start_entering(boot, &first);
	if (pid < 0 && is_crowded_out(boot, &first) && follow_first_process(boot) == 0)
		pid = boot_start_entering(boot, &first);
	if (pid < 0 && first.errnum == EACCES && boot_joins_by_systemd(boot->plan)) {
		boot->is_out_of_reach = true;
		pid = boot_start_entering(boot, &first);
	}
	if (pid < 0 && first.errnum == EBUSY && boot->has_cgroup)
		cgroup_fail_clone(&boot->cgroup, &first);
	if (pid < 0 && err != NULL)
		*err = first;
	if (pid < 0)
		return -1;
	fd_close(&boot->child_sock);
	return atomic_load(&boot->board->has_failed) ? -1 : take_entered(boot, err);
}

/* The outer process says which pid the inner one has, then leaves. If it ends without a word, the
 * socket does not: the inner one may be there and have it. */
static int receive_inner(struct boot *boot, struct err *err)
{
	struct boot_packet packet;
	AUTO_FD pidfd = -1;
	struct pollfd ready[] = {
		{ .fd = boot->parent_sock, .events = POLLIN },
		{ .fd = boot->outer_pidfd, .events = POLLIN },
	};
	int count;
	do
		count = poll(ready, ARRAY_LEN(ready), -1);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return err_sys(err, "wait for the outer process");
	ssize_t n = 0;
	/* It may have spoken and ended after the socket was looked at, and before its pidfd was. */
	if (ready[0].revents != 0 || poll(ready, 1, 0) > 0)
		n = sock_recv(boot->parent_sock, &packet, sizeof(packet), &pidfd, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_INNER || pidfd < 0)
		return err_set(err, ERR_REMOTE, "the outer process ended before the inner began");
	boot->pid = packet.pid;
	boot->pidfd = fd_take(&pidfd);
	return 0;
}

int parent_start_outer(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct process_clone clone = { .cgroup_fd = -1, .out_pidfd = -1 };
	pid_t pid = process_fork(&clone, err);
	if (pid < 0)
		return -1;
	if (pid == 0)
		boot_child_main(boot, BOOT_OUTER);
	boot->outer_pid = pid;
	boot->outer_pidfd = clone.out_pidfd;
	fd_close(&boot->child_sock);
	if (receive_inner(boot, err) < 0)
		return -1;
	struct process_exit how;
	if (process_wait(boot->outer_pidfd, &how, err) < 0)
		return -1;
	fd_close(&boot->outer_pidfd);
	return 0;
}

int parent_write_id_maps(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	const struct ns_id_maps maps = {
		.uids = spec->uid_maps,
		.gids = spec->gid_maps,
		.uids_len = spec->uid_maps_len,
		.gids_len = spec->gid_maps_len,
	};
	return subid_write_maps(boot->pid, &maps, err);
}

int parent_move_to_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return cgroup_join_pid(&boot->cgroup, boot->pid, err);
}

int parent_let_go(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return boot_send_go(boot, err);
}

int parent_take_console(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet;
	AUTO_FD master_fd = -1;
	ssize_t n = boot_recv(boot, &packet, &master_fd, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_CONSOLE || master_fd < 0)
		return err_set(err, ERR_REMOTE, "the container sent no terminal");
	boot->console_fd = fd_take(&master_fd);
	return 0;
}

int parent_record_process(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct boot_options *options = boot->plan->options;
	struct boot_packet packet;
	fd_close(&boot->child_sock);
	ssize_t n = boot_recv(boot, &packet, NULL, err);
	if (n < 0)
		return -1;
	if (n == 0)
		return atomic_load(&boot->board->has_failed) ? -1 : boot_describe_death(boot, err);
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_CREATED)
		return err_set(err, ERR_REMOTE, "an unexpected message");
	if (options->record(options->record_context, boot->pid, boot->pidfd, err) < 0)
		return -1;
	return boot_send_go(boot, err);
}

int parent_await_exec(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return boot_await_exec(boot, err);
}
