/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `inspect` shows of a container beyond its record, as Docker's JSON names it. Written once at
 * the start, with plain appends: it lies on the path of a start.
 */
#include "engine/run/draft.h"

#include "base/mem.h"

#include <string.h>

static void add_key(struct buf *out, const char *key)
{
	char last = out->len > 0 ? out->data[out->len - 1] : '{';
	if (last != '{' && last != '[')
		buf_add_char(out, ',');
	buf_add_json_str(out, key);
	buf_add_char(out, ':');
}

static void add_str(struct buf *out, const char *key, const char *value)
{
	add_key(out, key);
	buf_add_json_str(out, value != NULL ? value : "");
}

static void add_int(struct buf *out, const char *key, int64_t value)
{
	add_key(out, key);
	buf_addf(out, "%lld", (long long)value);
}

static void add_bool(struct buf *out, const char *key, bool value)
{
	add_key(out, key);
	buf_add_str(out, value ? "true" : "false");
}

static void add_list(struct buf *out, const char *key, const struct strv *list)
{
	add_key(out, key);
	if (list == NULL || list->len == 0) {
		buf_add_str(out, "null");
		return;
	}
	for (size_t i = 0; i < list->len; i++) {
		buf_add_char(out, i == 0 ? '[' : ',');
		buf_add_json_str(out, list->items[i]);
	}
	buf_add_char(out, ']');
}

static void add_map(struct buf *out, const char *key, const struct strv *assignments)
{
	add_key(out, key);
	buf_add_char(out, '{');
	for (size_t i = 0; i < assignments->len; i++) {
		const char *text = assignments->items[i];
		size_t key_len = strcspn(text, "=");
		AUTO_FREE char *name = strndup(text, key_len);
		add_str(out, name, text[key_len] == '=' ? text + key_len + 1 : "");
	}
	buf_add_char(out, '}');
}

static int64_t value_or(const struct cgroup_value *value, int64_t absent)
{
	return value->is_set ? value->value : absent;
}

/* Docker's Config has what the image and the user said, and PATH; not what follows from the rest.
 */
static void add_env(const struct run_draft *draft, struct buf *out)
{
	static const char *const ours[] = { "HOSTNAME", "TERM" };
	const struct strv *image = &draft->image.config.env, *user = &draft->options->env;
	const struct strv *env = &draft->spec.process.env;
	add_key(out, "Env");
	buf_add_char(out, '[');
	for (size_t i = 0, shown = 0; i < env->len; i++) {
		size_t key_len = strcspn(env->items[i], "=");
		bool is_ours = false;
		for (size_t k = 0; k < ARRAY_LEN(ours); k++)
			is_ours = is_ours || (strlen(ours[k]) == key_len &&
					      strncmp(env->items[i], ours[k], key_len) == 0 &&
					      strv_env_get(user, ours[k]) == NULL &&
					      strv_env_get(image, ours[k]) == NULL);
		if (is_ours)
			continue;
		if (shown++ > 0)
			buf_add_char(out, ',');
		buf_add_json_str(out, env->items[i]);
	}
	buf_add_char(out, ']');
}

/* An entrypoint of the user's takes the image's command away, too. */
static void add_command(const struct run_draft *draft, struct buf *out)
{
	const struct run_options *options = draft->options;
	bool has_own = options->entrypoint != NULL;
	struct strv own = { 0 };
	if (has_own && options->entrypoint[0] != '\0')
		strv_add(&own, options->entrypoint);
	add_list(out, "Cmd",
		 options->args.len > 0 ? &options->args
		 : has_own             ? NULL
				       : &draft->image.config.cmd);
	add_list(out, "Entrypoint", has_own ? &own : &draft->image.config.entrypoint);
	strv_done(&own);
}

static void add_config(const struct run_draft *draft, struct buf *out)
{
	const struct run_options *options = draft->options;
	add_key(out, "Config");
	buf_add_char(out, '{');
	add_str(out, "Hostname", draft->spec.hostname);
	add_str(out, "Domainname", draft->spec.domainname);
	add_str(out, "User", draft->user);
	add_bool(out, "AttachStdin", options->attach_stdin);
	add_bool(out, "AttachStdout", options->attach_stdout);
	add_bool(out, "AttachStderr", options->attach_stderr);
	add_bool(out, "Tty", options->tty);
	add_bool(out, "OpenStdin", options->interactive);
	add_env(draft, out);
	add_command(draft, out);
	add_str(out, "Image", options->image);
	add_str(out, "WorkingDir", draft->spec.process.cwd);
	add_map(out, "Labels", &options->labels);
	if (options->stop_signal != NULL)
		add_str(out, "StopSignal", options->stop_signal);
	if (options->stop_timeout_s >= 0)
		add_int(out, "StopTimeout", options->stop_timeout_s);
	buf_add_char(out, '}');
}

static const char *mode_text(const struct run_ns *ns, const char *private_name)
{
	switch (ns->kind) {
	case RUN_NS_HOST:
		return "host";
	case RUN_NS_NONE:
		return "none";
	case RUN_NS_SHAREABLE:
		return "shareable";
	default:
		return private_name;
	}
}

static void add_mode(struct buf *out, const char *key, const struct run_ns *ns,
		     const char *private_name)
{
	const char *prefix = ns->kind == RUN_NS_CONTAINER ? "container"
			     : ns->kind == RUN_NS_PATH    ? "ns"
							  : NULL;
	AUTO_FREE char *joined = prefix != NULL ? mem_printf("%s:%s", prefix, ns->value) : NULL;
	add_str(out, key, joined != NULL ? joined : mode_text(ns, private_name));
}

static void add_modes(const struct run_options *options, struct buf *out)
{
	add_mode(out, "NetworkMode", &options->network, "none");
	add_mode(out, "PidMode", &options->pid, "");
	add_mode(out, "IpcMode", &options->ipc, "private");
	add_mode(out, "UTSMode", &options->uts, "");
	add_mode(out, "CgroupnsMode", &options->cgroupns, "private");
	add_mode(out, "UsernsMode", &options->userns, "");
}

/* As --security-opt has them; the text of a seccomp profile stays out. */
static void add_security(const struct run_options *options, struct buf *out)
{
	AUTO(struct strv, strv_done) words = { 0 };
	if (options->no_new_privileges)
		strv_add(&words, "no-new-privileges");
	if (options->seccomp_path != NULL)
		strv_add_take(&words, mem_printf("seccomp=%s", options->seccomp_path));
	if (options->apparmor != NULL)
		strv_add_take(&words, mem_printf("apparmor=%s", options->apparmor));
	for (size_t i = 0; i < options->labels_selinux.len; i++)
		strv_add_take(&words, mem_printf("label=%s", options->labels_selinux.items[i]));
	if (options->systempaths_unconfined)
		strv_add(&words, "systempaths=unconfined");
	if (options->writable_cgroups)
		strv_add(&words, "writable-cgroups");
	add_list(out, "SecurityOpt", &words);
}

static void add_ulimits(const struct run_options *options, struct buf *out)
{
	add_key(out, "Ulimits");
	buf_add_char(out, '[');
	for (size_t i = 0; i < options->ulimits_len; i++) {
		const struct rlimit_entry *entry = &options->ulimits[i];
		const char *name = rlimit_name(entry->resource);
		char lower[32] = "";
		for (size_t k = 0; name != NULL && name[7 + k] != '\0' && k + 1 < sizeof(lower);
		     k++)
			lower[k] = (char)(name[7 + k] | 0x20); /* behind "RLIMIT_" */
		buf_add_str(out, i > 0 ? ",{" : "{");
		add_str(out, "Name", lower);
		add_int(out, "Soft", (int64_t)entry->soft);
		add_int(out, "Hard", (int64_t)entry->hard);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_devices(const struct run_options *options, struct buf *out)
{
	add_key(out, "Devices");
	buf_add_char(out, '[');
	for (size_t i = 0; i < options->devices_len; i++) {
		const struct run_device *device = &options->devices[i];
		buf_add_str(out, i > 0 ? ",{" : "{");
		add_str(out, "PathOnHost", device->source);
		add_str(out, "PathInContainer", device->target);
		add_str(out, "CgroupPermissions", device->access);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_host_config(const struct run_draft *draft, struct buf *out)
{
	const struct run_options *options = draft->options;
	const struct cgroup_limits *limits = &draft->spec.limits;
	add_key(out, "HostConfig");
	buf_add_char(out, '{');
	add_bool(out, "AutoRemove", options->is_throwaway);
	add_bool(out, "Privileged", options->privileged);
	add_bool(out, "ReadonlyRootfs", options->read_only);
	add_bool(out, "Init", options->init);
	add_list(out, "CapAdd", &options->cap_add);
	add_list(out, "CapDrop", &options->cap_drop);
	add_list(out, "GroupAdd", &options->group_add);
	add_list(out, "Dns", &options->dns);
	add_list(out, "DnsOptions", &options->dns_options);
	add_list(out, "DnsSearch", &options->dns_search);
	add_list(out, "ExtraHosts", &options->add_hosts);
	add_security(options, out);
	add_devices(options, out);
	add_ulimits(options, out);
	add_map(out, "Sysctls", &options->sysctls);
	add_map(out, "Annotations", &options->annotations);
	add_modes(options, out);
	add_str(out, "CgroupParent", options->cgroup_parent);
	add_int(out, "ShmSize", (int64_t)(options->shm_bytes != 0 ? options->shm_bytes : 64 << 20));
	add_int(out, "OomScoreAdj", options->oom_score_adj);
	add_int(out, "Memory", value_or(&limits->memory.limit_bytes, 0));
	add_int(out, "MemoryReservation", value_or(&limits->memory.reservation_bytes, 0));
	add_int(out, "MemorySwap", value_or(&limits->memory.swap_bytes, 0));
	add_int(out, "CpuShares", value_or(&limits->cpu.shares, 0));
	add_int(out, "CpuQuota", value_or(&limits->cpu.quota_us, 0));
	add_int(out, "CpuPeriod", value_or(&limits->cpu.period_us, 0));
	add_str(out, "CpusetCpus", limits->cpu.cpus);
	add_str(out, "CpusetMems", limits->cpu.mems);
	add_int(out, "BlkioWeight", value_or(&limits->io.weight, 0));
	add_bool(out, "OomKillDisable", limits->memory.oom_kill_disabled);
	add_int(out, "PidsLimit", value_or(&limits->pids_max, 0));
	add_list(out, "MaskedPaths", &draft->spec.masked_paths);
	add_list(out, "ReadonlyPaths", &draft->spec.readonly_paths);
	buf_add_char(out, '}');
}

static void add_mounts(const struct run_options *options, struct buf *out)
{
	add_key(out, "Mounts");
	buf_add_char(out, '[');
	for (size_t i = 0; i < options->mounts_len; i++) {
		const struct run_mount *mount = &options->mounts[i];
		buf_add_str(out, i > 0 ? ",{" : "{");
		add_str(out, "Type", mount->type == RUN_MOUNT_BIND ? "bind" : "tmpfs");
		add_str(out, "Source", mount->source);
		add_str(out, "Destination", mount->target);
		add_bool(out, "RW", !mount->is_readonly);
		add_str(out, "Propagation",
			mount->propagation != NULL ? mount->propagation : "rprivate");
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

char *run_draft_details(const struct run_draft *draft)
{
	struct buf out = { 0 };
	buf_reserve(&out, 4096);
	buf_add_char(&out, '{');
	add_config(draft, &out);
	add_host_config(draft, &out);
	add_mounts(draft->options, &out);
	buf_add_char(&out, '}');
	return buf_take(&out);
}
