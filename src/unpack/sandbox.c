/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's walls, from the outside in: namespaces of its own with an empty read-only root,
 * five capabilities that mean nothing outside its user namespace, limits, Landlock, seccomp.
 * Descriptors are the only things that remain, and directories among them are detached mounts:
 * their ".." leads nowhere. Assumes a single-threaded caller with CAP_SYS_ADMIN.
 */
#include "unpack/sandbox.h"

#include "kernel/caps/caps.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/ns.h"
#include "kernel/proc/rlimit.h"
#include "kernel/root/root.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "unpack/filter.h"
#include "unpack/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIT(cap) (1ull << (cap))

uint64_t sandbox_layer_caps(void)
{
	return BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |
	       BIT(CAP_SETFCAP);
}

/* An empty file system that nobody can write to becomes "/". */
static int enter_empty_root(struct err *err)
{
	if (mount_change_all(MS_PRIVATE | MS_REC, err) < 0)
		return -1;
	AUTO_FD root_fd = mount_new("tmpfs", "none", NULL,
				    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					    MOUNT_ATTR_NOEXEC,
				    0, err);
	AUTO_FD target_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	if (target_fd < 0)
		return err_sys(err, "open /");
	if (mount_attach(root_fd, target_fd, err) < 0)
		return -1;
	return root_pivot(root_fd, err);
}

static int limit_resources(struct err *err)
{
	static const struct rlimit_entry limits[] = {
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_NOFILE, 64, 64 },
		{ RLIMIT_CPU, 3600, 3600 },
		{ RLIMIT_MEMLOCK, 0, 0 },
		{ RLIMIT_MSGQUEUE, 0, 0 },
#if !SANDBOX_IS_SANITIZED
		{ RLIMIT_AS, 1ull << 30, 1ull << 30 },
#endif
	};
	return rlimit_apply(limits, ARRAY_LEN(limits), err);
}

static int drop_rights(const struct sandbox *sandbox, struct err *err)
{
	struct caps caps = { .bounding = sandbox->caps,
			     .effective = sandbox->caps,
			     .permitted = sandbox->caps };
	if (caps_apply_bounding(&caps, err) < 0 || caps_apply(&caps, err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
	return 0;
}

static int go_inside(const struct sandbox *sandbox, struct err *err)
{
	umask(0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, "tie our life to the supervisor's");
#ifdef ONGGI_WEAK_UNPACK /* shows that the tests of the sandbox can fail; never installed */
	(void)sandbox;
	(void)enter_empty_root;
	(void)limit_resources;
	(void)drop_rights;
	return 0;
#else
	if (enter_empty_root(err) < 0 || limit_resources(err) < 0 || drop_rights(sandbox, err) < 0)
		return -1;
	if (landlock_restrict(sandbox->write_fd, sandbox->read_fd, err) < 0)
		return -1;
	return SANDBOX_IS_SANITIZED ? 0 : filter_install(err);
#endif
}

/* Outside: wait; when the engine goes away, so does the worker. */
static NORETURN void supervise(int pidfd, int control_fd)
{
	struct process_exit result;
	struct pollfd fds[2] = { { .fd = pidfd, .events = POLLIN }, { .fd = control_fd } };
	fd_close_from(SANDBOX_FDS > pidfd ? SANDBOX_FDS : pidfd + 1);
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			break;
		if ((fds[1].revents & (POLLHUP | POLLERR)) != 0)
			break;
	}
	if (fds[0].revents == 0)
		process_signal(pidfd, SIGKILL, NULL);
	_exit(process_wait(pidfd, &result, NULL) < 0 ? 125 : process_exit_code(&result));
}

static int map_ids(pid_t pid, struct err *err)
{
	static const struct ns_id_map all = { .inside = 0, .outside = 0, .count = UINT32_MAX };
	if (ns_write_id_map(pid, NS_UID, &all, 1, err) < 0)
		return -1;
	return ns_write_id_map(pid, NS_GID, &all, 1, err);
}

/* In the child: until its ids are mapped it is nobody. */
static int wait_for_go(int *go_fds, struct err *err)
{
	char go = 0;
	fd_close(&go_fds[1]);
	ssize_t n = read(go_fds[0], &go, 1);
	fd_close(&go_fds[0]);
	return n == 1 ? 0 : err_set(err, ERR_SYSTEM, "the supervisor is gone");
}

int sandbox_enter(const struct sandbox *sandbox, struct err *err)
{
	struct process_clone clone = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			 CLONE_NEWUTS | CLONE_NEWCGROUP,
		.cgroup_fd = -1,
		.out_pidfd = -1,
	};
	int go_fds[2];
	fd_close_from(SANDBOX_FDS);
	if (pipe2(go_fds, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	pid_t pid = process_fork(&clone, err);
	if (pid < 0) {
		/* No user namespaces here: the same few capabilities, but real ones. */
		clone.flags &= ~(uint64_t)CLONE_NEWUSER;
		err_clear(err);
		pid = process_fork(&clone, err);
	}
	if (pid < 0)
		return err_context(err, "enter the sandbox");
	if (pid == 0)
		return wait_for_go(go_fds, err) < 0 ? -1 : go_inside(sandbox, err);
	fd_close(&go_fds[0]);
	if ((clone.flags & CLONE_NEWUSER) != 0 && map_ids(pid, err) < 0) {
		fd_close(&go_fds[1]); /* it ends without a word */
		return err_context(err, "enter the sandbox");
	}
	if (fd_write_all(go_fds[1], "", 1) < 0)
		return err_sys(err, "wake the worker");
	fd_close(&go_fds[1]);
	supervise(clone.out_pidfd, sandbox->control_fd);
}
