/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer process: exists only when a namespace cannot be had by a clone alone. setns(2) into a
 * pid or time namespace, and time offsets, take effect for children only; so this process makes
 * ready, clones the inner one as a sibling of itself (CLONE_PARENT), reports it and leaves.
 */
#include "runtime/boot/step_functions.h"

#include "kernel/mount/mount.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>

int outer_join_namespace(struct boot *boot, const struct boot_op *op, struct err *err)
{
	/* A process of the joined namespaces must not trace us or open our descriptors. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
	return ns_join(op->ns, boot->ns_fds[op->ns], err);
}

int outer_mount(struct boot *boot, const struct boot_op *op, struct err *err)
{
	const struct spec_mount *mount = &boot->spec->mounts[op->mount];
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	const char *source = mount->source != NULL ? mount->source : mount->type;
	if (mount_options_parse(&mount->options, &options, err) < 0)
		return err_context(err, "mount %s", mount->destination);
	int fd = mount_new(mount->type, source, &options.data, options.attr_set, options.sb_flags,
			   err);
	if (fd < 0)
		return err_context(err, "%s on %s", mount->type, mount->destination);
	boot->source_fds[op->mount] = fd;
	return 0;
}

int outer_time_offsets(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	if (ns_unshare(NS_TIME, err) < 0)
		return -1;
	return ns_write_time_offsets(spec->time_offsets, spec->time_offsets_len, err);
}

int outer_start_inner(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	AUTO_FD pidfd = -1;
	pid_t pid = boot_clone_inner(boot, CLONE_PARENT, &pidfd, err);
	if (pid < 0)
		return -1;
	struct boot_packet packet = { .message = BOOT_MSG_INNER, .pid = pid };
	return sock_send(boot->child_sock, &packet, sizeof(packet), pidfd, err);
}
