/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner process, first part: what it is a part of. Cgroup, namespaces, session, names, its own
 * procfs. Nothing here looks at the container's files.
 */
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "kernel/net/loopback.h"
#include "kernel/ns/privilege.h"
#include "kernel/proc/keyring.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/sysctl.h"
#include "runtime/seal.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int inner_leave_program(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	int copy_fd = *boot->plan->options->program_fd;
	if (seal_child(copy_fd, err) < 0)
		return -1;
	close(copy_fd); /* not the last one, which the parent has: that close would wait */
	return 0;
}

int inner_await_parent(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return boot_await_go(boot, err);
}

int inner_open_scope(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (cgroup_open(boot->layout, boot->board->cgroup_path, &boot->cgroup, err) < 0)
		return -1;
	boot->has_cgroup = true;
	return 0;
}

int inner_open_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	cgroup_done(&boot->cgroup); /* what was there of it before the clone */
	return cgroup_open(boot->layout, boot->spec->cgroups_path, &boot->cgroup, err);
}

/* Then it is ours to go on to a group below. */
int inner_join_scope(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct boot_target *target = boot->plan->target;
	if (!boot->is_out_of_reach)
		return 0;
	if (scope_join(target->unit, getpid(), err) < 0)
		return -1;
	bool goes_on = target->cgroups != NULL && target->cgroups->len > 0;
	return goes_on ? cgroup_join_pid(&boot->cgroup, 0, err) : 0;
}

int inner_join_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return cgroup_join_self(&boot->cgroup, err);
}

int inner_new_cgroup_namespace(struct boot *boot UNUSED, const struct boot_op *op UNUSED,
			       struct err *err)
{
	return ns_unshare(NS_CGROUP, err);
}

int inner_join_namespace(struct boot *boot, const struct boot_op *op, struct err *err)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
	return ns_join(op->ns, boot->ns_fds[op->ns], err);
}

int inner_become_root(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* Where groups are fixed, the caller's stay, as nobody's: user_namespaces(7). */
	if (!boot->spec->keeps_groups && setgroups(0, NULL) < 0 && !ns_groups_are_fixed(errno))
		return err_sys(err, "drop the caller's groups");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "become root of the user namespace");
	return 0;
}

int inner_new_session(struct boot *boot UNUSED, const struct boot_op *op UNUSED, struct err *err)
{
	if (setsid() < 0)
		return err_sys(err, "begin a session");
	return 0;
}

int inner_new_keyring(struct boot *boot UNUSED, const struct boot_op *op UNUSED, struct err *err)
{
	return keyring_join_new(NULL, err); /* a name could be an existing keyring's */
}

int inner_set_hostname(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const char *name = boot->spec->hostname;
	if (sethostname(name, strlen(name)) < 0)
		return err_sys(err, "hostname \"%s\"", name);
	return 0;
}

int inner_set_domainname(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const char *name = boot->spec->domainname;
	if (setdomainname(name, strlen(name)) < 0)
		return err_sys(err, "domain name \"%s\"", name);
	return 0;
}

int inner_raise_loopback(struct boot *boot UNUSED, const struct boot_op *op UNUSED, struct err *err)
{
	return loopback_raise(err);
}

int inner_open_procfs(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	boot->proc_fd = procfs_open(err);
	return boot->proc_fd < 0 ? -1 : 0;
}

int inner_set_sysctl(struct boot *boot, const struct boot_op *op, struct err *err)
{
	return sysctl_write(boot->proc_fd, op->sysctl->name, op->sysctl->value, err);
}
