/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime configuration's memory: made, grown, freed. What it means is the planner's. */
#include "oci/spec.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void spec_init(struct spec *spec)
{
	memset(spec, 0, sizeof(*spec));
}

static void process_done(struct spec_process *process)
{
	strv_done(&process->args);
	strv_done(&process->env);
	free(process->user.additional_gids);
	free(process->cwd);
	free(process->rlimits);
	free(process->apparmor_profile);
	free(process->selinux_label);
	free(process->exec_affinity.initial);
	free(process->exec_affinity.final);
}

static void mounts_done(struct spec_mount *mounts, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(mounts[i].destination);
		free(mounts[i].type);
		free(mounts[i].source);
		free(mounts[i].source_mnt_ns);
		strv_done(&mounts[i].options);
		free(mounts[i].uid_maps);
		free(mounts[i].gid_maps);
	}
	free(mounts);
}

static void hooks_done(struct spec *spec)
{
	for (size_t point = 0; point < SPEC_HOOK_COUNT; point++) {
		for (size_t i = 0; i < spec->hooks[point].len; i++) {
			struct spec_hook *hook = &spec->hooks[point].items[i];
			free(hook->path);
			strv_done(&hook->args);
			strv_done(&hook->env);
		}
		free(spec->hooks[point].items);
	}
}

void spec_done(struct spec *spec)
{
	free(spec->root_path);
	free(spec->rootfs_propagation);
	free(spec->hostname);
	free(spec->domainname);
	process_done(&spec->process);
	mounts_done(spec->mounts, spec->mounts_len);
	for (size_t i = 0; i < NS_COUNT; i++)
		free(spec->namespaces[i].path);
	free(spec->uid_maps);
	free(spec->gid_maps);
	for (size_t i = 0; i < spec->devices_len; i++)
		free(spec->devices[i].path);
	free(spec->devices);
	for (size_t i = 0; i < spec->sysctls_len; i++) {
		free(spec->sysctls[i].name);
		free(spec->sysctls[i].value);
	}
	free(spec->sysctls);
	strv_done(&spec->masked_paths);
	strv_done(&spec->readonly_paths);
	free(spec->cgroups_path);
	cgroup_limits_done(&spec->limits);
	free(spec->mempolicy.nodes);
	rdt_done(&spec->rdt);
	for (size_t i = 0; i < spec->net_devices_len; i++) {
		free(spec->net_devices[i].host_name);
		free(spec->net_devices[i].name);
	}
	free(spec->net_devices);
	free(spec->mount_label);
	free(spec->mount_context_type);
	free(spec->seccomp.filter);
	free(spec->seccomp.listener_path);
	free(spec->seccomp.listener_metadata);
	free(spec->seccomp.raw);
	free(spec->pidfd_socket);
	hooks_done(spec);
	free(spec->hooks_stdout);
	free(spec->hooks_stderr);
	strv_done(&spec->annotations);
	memset(spec, 0, sizeof(*spec));
}

const char *spec_hook_point_name(enum spec_hook_point point)
{
	static const char *const names[SPEC_HOOK_COUNT] = {
		[SPEC_HOOK_PRESTART] = "prestart",
		[SPEC_HOOK_CREATE_RUNTIME] = "createRuntime",
		[SPEC_HOOK_CREATE_CONTAINER] = "createContainer",
		[SPEC_HOOK_START_CONTAINER] = "startContainer",
		[SPEC_HOOK_POSTSTART] = "poststart",
		[SPEC_HOOK_POSTSTOP] = "poststop",
	};
	return names[point];
}

void *spec_grow(void *items, size_t *len, size_t size)
{
	char *grown = mem_realloc(items, (*len + 1) * size);
	memset(grown + *len * size, 0, size);
	(*len)++;
	return grown;
}

struct spec_mount *spec_add_mount(struct spec *spec, const char *destination, const char *type,
				  const char *source, const char *options_comma)
{
	spec->mounts = spec_grow(spec->mounts, &spec->mounts_len, sizeof(*spec->mounts));
	struct spec_mount *mount = &spec->mounts[spec->mounts_len - 1];
	mount->destination = mem_strdup(destination);
	mount->type = mem_strdup(type);
	mount->source = mem_strdup(source);
	if (options_comma != NULL && options_comma[0] != '\0')
		strv_split(&mount->options, options_comma, ',');
	return mount;
}

struct spec_device *spec_add_device(struct spec *spec)
{
	spec->devices = spec_grow(spec->devices, &spec->devices_len, sizeof(*spec->devices));
	return &spec->devices[spec->devices_len - 1];
}

struct spec_sysctl *spec_add_sysctl(struct spec *spec, const char *name, const char *value)
{
	spec->sysctls = spec_grow(spec->sysctls, &spec->sysctls_len, sizeof(*spec->sysctls));
	struct spec_sysctl *sysctl = &spec->sysctls[spec->sysctls_len - 1];
	sysctl->name = mem_strdup(name);
	sysctl->value = mem_strdup(value);
	return sysctl;
}
