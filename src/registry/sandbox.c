/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's walls: a mount namespace with a root of its own that holds copies of the few files
 * that names and certificates take, nobody's user id, no capabilities, limits, seccomp. The network
 * stays. Assumes a single-threaded caller, root or not.
 */
#include "registry/sandbox.h"

#include "base/buf.h"
#include "kernel/caps/caps.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/ns.h"
#include "kernel/proc/rlimit.h"
#include "kernel/root/root.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY     65534
#define ROOT_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static int write_file(int root_fd, const struct fetch_sandbox_file *file, struct err *err)
{
	if (mkdirat(root_fd, "etc", 0755) < 0 && errno != EEXIST)
		return err_sys(err, "make /etc of the sandbox");
	AUTO_FD fd = openat(root_fd, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0 || fd_write_all(fd, file->text, file->len) < 0)
		return err_sys(err, "write /%s of the sandbox", file->path);
	return 0;
}

static int enter_root(const struct fetch_sandbox_file *files, size_t len, struct err *err)
{
	if (mount_change_all(MS_PRIVATE | MS_REC, err) < 0)
		return -1;
	char mode[] = "mode=755", *words[] = { mode, NULL };
	const struct strv data = { .items = words, .len = 1 };
	AUTO_FD root_fd = mount_new("tmpfs", "none", &data, ROOT_ATTRS, 0, err);
	AUTO_FD target_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	if (target_fd < 0)
		return err_sys(err, "open /");
	for (size_t i = 0; i < len; i++)
		if (write_file(root_fd, &files[i], err) < 0)
			return -1;
	if (mount_set_attrs(root_fd, MOUNT_ATTR_RDONLY, 0, false, err) < 0 ||
	    mount_attach(root_fd, target_fd, err) < 0)
		return -1;
	return root_pivot(root_fd, err);
}

static int unshare_all(struct err *err)
{
	int flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(flags | (uid != 0 ? CLONE_NEWUSER : 0)) < 0)
		return err_sys(err, "make the sandbox's namespaces");
	if (uid == 0)
		return 0;
	struct ns_id_map users = { .inside = uid, .outside = uid, .count = 1 };
	struct ns_id_map groups = { .inside = gid, .outside = gid, .count = 1 };
	return ns_write_id_map(getpid(), NS_UID, &users, 1, err) < 0
		       ? -1
		       : ns_write_id_map(getpid(), NS_GID, &groups, 1, err);
}

static int limit_resources(struct err *err)
{
	static const struct rlimit_entry limits[] = {
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_NOFILE, 256, 256 },
		{ RLIMIT_FSIZE, 0, 0 },
		{ RLIMIT_MEMLOCK, 0, 0 },
		{ RLIMIT_MSGQUEUE, 0, 0 },
#if !FETCH_IS_SANITIZED
		{ RLIMIT_AS, 1ull << 30, 1ull << 30 },
#endif
	};
	return rlimit_apply(limits, ARRAY_LEN(limits), err);
}

static int become_nobody(struct err *err)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return err_sys(err, "become nobody");
	return 0;
}

static int drop_rights(struct err *err)
{
	static const struct caps none;
	if (caps_apply_bounding(&none, err) < 0 || become_nobody(err) < 0 ||
	    caps_apply(&none, err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "set no_new_privs");
	/* After the change of user, which resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, "tie our life to the engine's");
	return 0;
}

int fetch_sandbox_enter(const struct fetch_sandbox_file *files, size_t len, struct err *err)
{
	umask(0);
#ifdef ONGGI_WEAK_FETCH /* shows that the tests of the sandbox can fail; never installed */
	(void)files;
	(void)len;
	(void)unshare_all;
	(void)enter_root;
	(void)limit_resources;
	(void)drop_rights;
	(void)err;
	return 0;
#else
	if (unshare_all(err) < 0 || enter_root(files, len, err) < 0 || limit_resources(err) < 0 ||
	    drop_rights(err) < 0)
		return err_context(err, "enter the sandbox");
	return FETCH_IS_SANITIZED ? 0 : fetch_filter_install(err);
#endif
}
