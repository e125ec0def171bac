/* SPDX-License-Identifier: Apache-2.0 */
/* The argument of each row, in words: errors, traces and explanations show it. */
#include "runtime/boot/say.h"

#include <string.h>

BOOT_SAY_FUNCTION(say_cgroup)
{
	(void)op;
	buf_add_str(out, plan->spec->cgroups_path);
}

BOOT_SAY_FUNCTION(say_scope)
{
	(void)op;
	buf_add_str(out, plan->options->scope->scope.unit);
}

BOOT_SAY_FUNCTION(say_overlay)
{
	(void)op;
	const struct overlay *overlay = plan->options->root.overlay;
	buf_addf(out, "%zu read-only layer%s%s", overlay->lower_len,
		 overlay->lower_len == 1 ? "" : "s",
		 overlay->upper != NULL ? " and an empty writable one" : "");
}

BOOT_SAY_FUNCTION(say_rootfs)
{
	(void)op;
	buf_add_str(out, plan->options->root.path);
}

BOOT_SAY_FUNCTION(say_user_text)
{
	(void)op;
	const char *user = plan->options->user;
	if (user == NULL)
		buf_addf(out, "%u", plan->spec->process.user.uid);
	else
		buf_add_str(out, user[0] != '\0' ? user : "root");
}

static void add_options(const struct spec_mount *mount, struct buf *out)
{
	for (size_t i = 0; i < mount->options.len; i++)
		buf_addf(out, "%s%s", i > 0 ? "," : "", mount->options.items[i]);
}

/* A remount needs neither a source nor a type, and what needs one is refused by its step. */
static const char *shown(const char *text)
{
	return text != NULL ? text : "nothing";
}

BOOT_SAY_FUNCTION(say_mount)
{
	const struct spec_mount *mount = &plan->spec->mounts[op->mount];
	bool is_bind = boot_mount_is_bind(mount);
	buf_addf(out, "%s on %s", shown(is_bind ? mount->source : mount->type), mount->destination);
	if (mount->options.len == 0)
		return;
	buf_add_str(out, " (");
	add_options(mount, out);
	buf_add_str(out, ")");
}

BOOT_SAY_FUNCTION(say_source)
{
	buf_add_str(out, shown(plan->spec->mounts[op->mount].source));
}

BOOT_SAY_FUNCTION(say_sealed)
{
	buf_add_str(out, plan->spec->mounts[op->mount].destination);
}

BOOT_SAY_FUNCTION(say_namespace)
{
	buf_addf(out, "the %s namespace %s", ns_info(op->ns)->name,
		 plan->spec->namespaces[op->ns].path);
}

BOOT_SAY_FUNCTION(say_clone_flags)
{
	(void)op;
	const char *separator = "new ";
	for (int type = 0; type < NS_COUNT; type++) {
		const struct ns_info *info = ns_info((enum ns_type)type);
		if ((plan->clone_flags & (unsigned)info->clone_flag) == 0)
			continue;
		buf_addf(out, "%s%s", separator, info->name);
		separator = ", ";
	}
	buf_add_str(out, plan->clone_flags != 0 ? " namespaces" : "the caller's namespaces");
}

static void add_maps(const char *what, const struct ns_id_map *maps, size_t len, struct buf *out)
{
	buf_addf(out, "%s", what);
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%s%u:%u:%u", i > 0 ? "," : " ", maps[i].inside, maps[i].outside,
			 maps[i].count);
}

BOOT_SAY_FUNCTION(say_id_maps)
{
	(void)op;
	const struct spec *spec = plan->spec;
	add_maps("uids", spec->uid_maps, spec->uid_maps_len, out);
	add_maps(", gids", spec->gid_maps, spec->gid_maps_len, out);
}

BOOT_SAY_FUNCTION(say_time_offsets)
{
	(void)op;
	for (size_t i = 0; i < plan->spec->time_offsets_len; i++) {
		const struct ns_time_offset *offset = &plan->spec->time_offsets[i];
		buf_addf(out, "%s%s %+lld s", i > 0 ? ", " : "",
			 offset->is_boottime ? "boottime" : "monotonic", (long long)offset->secs);
	}
}

BOOT_SAY_FUNCTION(say_hostname)
{
	(void)op;
	buf_add_str(out, plan->spec->hostname);
}

BOOT_SAY_FUNCTION(say_domainname)
{
	(void)op;
	buf_add_str(out, plan->spec->domainname);
}

BOOT_SAY_FUNCTION(say_sysctl)
{
	(void)plan;
	buf_addf(out, "%s=%s", op->sysctl->name, op->sysctl->value);
}

BOOT_SAY_FUNCTION(say_path)
{
	(void)plan;
	buf_add_str(out, op->path);
}

BOOT_SAY_FUNCTION(say_devices)
{
	(void)op;
	if (plan->spec->has_default_devices)
		buf_add_str(out, "null, zero, full, random, urandom, tty");
	for (size_t i = 0; i < plan->spec->devices_len; i++)
		buf_addf(out, "%s%s", out->len > 0 ? ", " : "", plan->spec->devices[i].path);
}

BOOT_SAY_FUNCTION(say_cwd)
{
	(void)op;
	buf_add_str(out, plan->spec->process.cwd);
}

BOOT_SAY_FUNCTION(say_rlimits)
{
	(void)op;
	for (size_t i = 0; i < plan->spec->process.rlimits_len; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "",
			 rlimit_name(plan->spec->process.rlimits[i].resource));
}

BOOT_SAY_FUNCTION(say_oom_score)
{
	(void)op;
	buf_addf(out, "%d", plan->spec->process.oom_score_adj);
}

BOOT_SAY_FUNCTION(say_net_devices)
{
	(void)op;
	for (size_t i = 0; i < plan->spec->net_devices_len; i++)
		buf_addf(out, "%s%s", i > 0 ? ", " : "", plan->spec->net_devices[i].host_name);
}

BOOT_SAY_FUNCTION(say_class)
{
	(void)op;
	buf_add_str(out, plan->spec->rdt.class_id != NULL ? plan->spec->rdt.class_id : "/");
}

BOOT_SAY_FUNCTION(say_listener)
{
	(void)op;
	buf_add_str(out, plan->spec->seccomp.listener_path);
}

BOOT_SAY_FUNCTION(say_label)
{
	(void)op;
	const struct spec_process *process = &plan->spec->process;
	buf_add_str(out, process->apparmor_profile != NULL ? process->apparmor_profile
							   : process->selinux_label);
}

BOOT_SAY_FUNCTION(say_caps)
{
	const struct caps *caps = &plan->spec->process.caps;
	uint64_t mask = op->step == STEP_DROP_BOUNDING ? caps->bounding : caps->permitted;
	const char *separator = "";
	if (mask == 0)
		buf_add_str(out, "none");
	if (mask == caps_all()) {
		buf_add_str(out, "all");
		return;
	}
	for (int cap = 0; cap < 64; cap++) {
		if ((mask >> cap & 1) == 0 || caps_name(cap) == NULL)
			continue;
		buf_addf(out, "%s%s", separator, caps_name(cap) + strlen("CAP_"));
		separator = " ";
	}
}

BOOT_SAY_FUNCTION(say_seccomp)
{
	(void)op;
	buf_addf(out, "%u instructions", plan->spec->seccomp.len);
}

BOOT_SAY_FUNCTION(say_user)
{
	(void)op;
	if (plan->options->user != NULL)
		say_user_text(plan, op, out);
	else
		buf_addf(out, "uid %u, gid %u", plan->spec->process.user.uid,
			 plan->spec->process.user.gid);
}

BOOT_SAY_FUNCTION(say_program)
{
	const struct strv *args = &plan->spec->process.args;
	size_t len = op->step == STEP_EXEC ? args->len : 1;
	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		buf_add_shell_word(out, args->items[i]);
	}
}
