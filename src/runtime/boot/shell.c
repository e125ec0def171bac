/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell commands that would do the same as a row, for people who want to build a container by
 * hand. $ROOT is where the root file system stands, $CGROUP the cgroup's directory. They are for
 * reading and trying out: the engine itself never runs a shell.
 */
#include "runtime/boot/say.h"

#include "kernel/root/root.h"

#include <string.h>
#include <sys/stat.h>

BOOT_SAY_FUNCTION(shell_make_cgroup)
{
	(void)op;
	if (plan->options->is_cgroup_v2)
		buf_addf(out, "mkdir -p /sys/fs/cgroup%s", plan->spec->cgroups_path);
	else
		buf_addf(out, "for h in /sys/fs/cgroup/*/; do mkdir \"$h\"%s; done",
			 plan->spec->cgroups_path);
}

static void add_limit(const struct boot_plan *plan, const char *v1, const char *v2, int64_t value,
		      struct buf *out)
{
	bool is_v2 = plan->options->is_cgroup_v2;
	buf_addf(out, "%secho %lld > /sys/fs/cgroup%s%.*s%s/%s", out->len > 0 ? "\n" : "",
		 (long long)value, is_v2 ? "" : "/", is_v2 ? 0 : (int)strcspn(v1, "."), v1,
		 plan->spec->cgroups_path, is_v2 ? v2 : v1);
}

BOOT_SAY_FUNCTION(shell_set_limits)
{
	(void)op;
	const struct cgroup_limits *limits = &plan->spec->limits;
	if (limits->memory.limit_bytes.is_set)
		add_limit(plan, "memory.limit_in_bytes", "memory.max",
			  limits->memory.limit_bytes.value, out);
	if (limits->cpu.quota_us.is_set)
		add_limit(plan, "cpu.cfs_quota_us", "cpu.max", limits->cpu.quota_us.value, out);
	if (limits->cpu.shares.is_set)
		add_limit(plan, "cpu.shares", "cpu.weight", limits->cpu.shares.value, out);
	if (limits->pids_max.is_set)
		add_limit(plan, "pids.max", "pids.max", limits->pids_max.value, out);
}

BOOT_SAY_FUNCTION(shell_overlay)
{
	(void)op;
	const struct overlay *overlay = plan->options->root.overlay;
	buf_add_str(out, "mount -t overlay overlay -o lowerdir=");
	for (size_t i = 0; i < overlay->lower_len; i++)
		buf_addf(out, "%s%s", i > 0 ? ":" : "", overlay->lower[i]);
	if (overlay->upper != NULL)
		buf_addf(out, ",upperdir=%s,workdir=%s", overlay->upper, overlay->work);
	buf_add_str(out, " $ROOT");
}

BOOT_SAY_FUNCTION(shell_rootfs)
{
	(void)op;
	buf_add_str(out, "ROOT=");
	buf_add_shell_word(out, plan->options->root.path);
}

BOOT_SAY_FUNCTION(shell_clone)
{
	(void)op;
	static const char *const flags[NS_COUNT] = {
		[NS_USER] = "--user",   [NS_IPC] = "--ipc", [NS_UTS] = "--uts",
		[NS_NET] = "--net",     [NS_PID] = "--pid", [NS_TIME] = "--time",
		[NS_MOUNT] = "--mount",
	};
	buf_add_str(out, "unshare --fork");
	for (int type = 0; type < NS_COUNT; type++)
		if (flags[type] != NULL &&
		    (plan->clone_flags & (unsigned)ns_info((enum ns_type)type)->clone_flag) != 0)
			buf_addf(out, " %s", flags[type]);
	buf_add_str(out, " sh");
}

BOOT_SAY_FUNCTION(shell_join)
{
	buf_addf(out, "nsenter --%s=", ns_info(op->ns)->proc);
	buf_add_shell_word(out, plan->spec->namespaces[op->ns].path);
	buf_add_str(out, " sh");
}

BOOT_SAY_FUNCTION(shell_scope)
{
	(void)op;
	const struct scope *scope = &plan->options->scope->scope;
	buf_addf(out, "systemd-run%s --scope --slice=%s --unit=%s -p Delegate=yes ...",
		 scope->is_user ? " --user" : "", scope->slice, scope->unit);
}

BOOT_SAY_FUNCTION(shell_join_cgroup)
{
	(void)op;
	buf_addf(out, "for h in /sys/fs/cgroup/*/; do echo 0 > \"$h\"%s/tasks; done",
		 plan->spec->cgroups_path);
}

BOOT_SAY_FUNCTION(shell_cgroup_namespace)
{
	(void)plan;
	(void)op;
	buf_add_str(out, "exec unshare --cgroup sh");
}

BOOT_SAY_FUNCTION(shell_hostname)
{
	(void)op;
	buf_add_str(out, "hostname ");
	buf_add_shell_word(out, plan->spec->hostname);
}

BOOT_SAY_FUNCTION(shell_domainname)
{
	(void)op;
	buf_add_str(out, "domainname ");
	buf_add_shell_word(out, plan->spec->domainname);
}

BOOT_SAY_FUNCTION(shell_loopback)
{
	(void)plan;
	(void)op;
	buf_add_str(out, "ip link set lo up");
}

BOOT_SAY_FUNCTION(shell_sysctl)
{
	(void)plan;
	buf_addf(out, "sysctl -w %s=", op->sysctl->name);
	buf_add_shell_word(out, op->sysctl->value);
}

BOOT_SAY_FUNCTION(shell_propagation)
{
	(void)op;
	const char *wanted = plan->spec->rootfs_propagation;
	bool is_slave = wanted != NULL && strstr(wanted, "slave") != NULL;
	buf_addf(out, "mount --make-r%s /", is_slave ? "slave" : "private");
}

BOOT_SAY_FUNCTION(shell_attach_root)
{
	(void)op;
	if (plan->options->root.overlay == NULL)
		buf_add_str(out, "mount --rbind $ROOT $ROOT");
	else
		buf_add_str(out, ": # the overlay is on $ROOT already");
}

static void add_mount_options(const struct spec_mount *mount, struct buf *out)
{
	for (size_t i = 0; i < mount->options.len; i++)
		buf_addf(out, "%s%s", i == 0 ? " -o " : ",", mount->options.items[i]);
}

BOOT_SAY_FUNCTION(shell_mount)
{
	const struct spec_mount *mount = &plan->spec->mounts[op->mount];
	if (boot_mount_is_bind(mount) || mount->type == NULL) {
		buf_add_str(out, "mount");
	} else if (strcmp(mount->type, "cgroup") == 0) {
		buf_add_str(out, "mount --bind $CGROUP $ROOT/sys/fs/cgroup");
		return;
	} else {
		buf_addf(out, "mount -t %s", mount->type);
	}
	add_mount_options(mount, out);
	buf_add_char(out, ' ');
	const char *source = mount->source != NULL ? mount->source : mount->type;
	buf_add_shell_word(out, source != NULL ? source : "none");
	buf_add_str(out, " $ROOT");
	buf_add_shell_word(out, mount->destination);
}

BOOT_SAY_FUNCTION(shell_devices)
{
	(void)op;
	for (size_t i = 0; plan->spec->has_default_devices && i < root_default_devices_len; i++) {
		const struct root_device *device = &root_default_devices[i];
		buf_addf(out, "mknod -m 666 $ROOT%s c %u %u\n", device->path, device->major,
			 device->minor);
	}
	for (size_t i = 0; i < plan->spec->devices_len; i++) {
		const struct spec_device *device = &plan->spec->devices[i];
		buf_addf(out, "mknod -m %o $ROOT%s %c %u %u\n", device->mode, device->path,
			 device->type, device->major, device->minor);
	}
	buf_add_str(out, "ln -s /proc/self/fd $ROOT/dev/fd\nln -s pts/ptmx $ROOT/dev/ptmx");
}

BOOT_SAY_FUNCTION(shell_mask)
{
	(void)plan;
	buf_addf(out,
		 "[ -d $ROOT%s ] && mount -t tmpfs -o ro,size=0 tmpfs $ROOT%s || "
		 "mount --bind /dev/null $ROOT%s",
		 op->path, op->path, op->path);
}

BOOT_SAY_FUNCTION(shell_readonly)
{
	(void)plan;
	buf_addf(out, "mount --rbind $ROOT%s $ROOT%s && mount -o remount,bind,ro $ROOT%s", op->path,
		 op->path, op->path);
}

BOOT_SAY_FUNCTION(shell_workdir)
{
	(void)op;
	buf_add_str(out, "mkdir -p $ROOT");
	buf_add_shell_word(out, plan->spec->process.cwd);
}

BOOT_SAY_FUNCTION(shell_seal_mount)
{
	buf_add_str(out, "mount -o remount,bind,ro $ROOT");
	buf_add_shell_word(out, plan->spec->mounts[op->mount].destination);
}

BOOT_SAY_FUNCTION(shell_readonly_root)
{
	(void)plan;
	(void)op;
	buf_add_str(out, "mount -o remount,bind,ro $ROOT");
}

BOOT_SAY_FUNCTION(shell_pivot)
{
	(void)plan;
	(void)op;
	buf_add_str(out, "cd $ROOT && pivot_root . . && umount -l . && cd /");
}

BOOT_SAY_FUNCTION(shell_chroot)
{
	(void)plan;
	(void)op;
	buf_add_str(out, "exec chroot $ROOT sh");
}

BOOT_SAY_FUNCTION(shell_rlimits)
{
	(void)op;
	buf_add_str(out, "prlimit --pid $$");
	for (size_t i = 0; i < plan->spec->process.rlimits_len; i++) {
		const struct rlimit_entry *entry = &plan->spec->process.rlimits[i];
		buf_add_str(out, " --");
		for (const char *s = rlimit_name(entry->resource) + strlen("RLIMIT_"); *s != '\0';
		     s++)
			buf_add_char(out, (char)(*s | 0x20));
		buf_addf(out, "=%llu:%llu", (unsigned long long)entry->soft,
			 (unsigned long long)entry->hard);
	}
}

BOOT_SAY_FUNCTION(shell_oom_score)
{
	(void)op;
	buf_addf(out, "echo %d > /proc/self/oom_score_adj", plan->spec->process.oom_score_adj);
}

BOOT_SAY_FUNCTION(shell_net_devices)
{
	(void)op;
	for (size_t i = 0; i < plan->spec->net_devices_len; i++) {
		const struct spec_net_device *device = &plan->spec->net_devices[i];
		buf_addf(out, "%sip link set %s netns $PID name %s", i > 0 ? "\n" : "",
			 device->host_name,
			 device->name != NULL ? device->name : device->host_name);
	}
}

BOOT_SAY_FUNCTION(shell_personality)
{
	(void)op;
	buf_addf(out, "setarch %s", plan->spec->persona.domain != 0 ? "linux32" : "linux64");
}

BOOT_SAY_FUNCTION(shell_user)
{
	(void)op;
	const struct spec_user *user = &plan->spec->process.user;
	buf_add_str(out, "exec setpriv ");
	if (plan->options->user != NULL && plan->options->user[0] != '\0') {
		buf_add_str(out, "--init-groups --reuid=");
		buf_add_shell_word(out, plan->options->user);
		buf_add_str(out, " sh");
	} else {
		buf_addf(out, "--reuid=%u --regid=%u --clear-groups sh", user->uid, user->gid);
	}
}

BOOT_SAY_FUNCTION(shell_caps)
{
	(void)op;
	uint64_t mask = plan->spec->process.caps.permitted;
	buf_add_str(out, "exec setpriv --bounding-set=-all");
	for (int cap = 0; cap < 64 && mask != caps_all(); cap++) {
		if ((mask >> cap & 1) == 0 || caps_name(cap) == NULL)
			continue;
		buf_add_str(out, ",+");
		for (const char *s = caps_name(cap) + strlen("CAP_"); *s != '\0'; s++)
			buf_add_char(out, *s == '_' ? '_' : (char)(*s | 0x20));
	}
	buf_add_str(out, mask == caps_all() ? ",+all sh" : " sh");
}

BOOT_SAY_FUNCTION(shell_cwd)
{
	(void)op;
	buf_add_str(out, "cd ");
	buf_add_shell_word(out, plan->spec->process.cwd);
}

BOOT_SAY_FUNCTION(shell_exec)
{
	buf_add_str(out, "exec ");
	const struct strv *args = &plan->spec->process.args;
	(void)op;
	for (size_t i = 0; i < args->len; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		buf_add_shell_word(out, args->items[i]);
	}
}
