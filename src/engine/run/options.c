/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run.h"

#include <stdlib.h>
#include <string.h>

void run_options_init(struct run_options *options)
{
	memset(options, 0, sizeof(*options));
	options->attach_stdout = options->attach_stderr = true;
	options->sig_proxy = true;
	options->stop_timeout_s = -1;
	options->isolate = ISOLATE_ALL;
	options->trace_fd = -1;
}

static void free_texts(struct run_options *options)
{
	char **texts[] = {
		&options->image,      &options->rootfs,        &options->name,
		&options->entrypoint, &options->workdir,       &options->user,
		&options->hostname,   &options->domainname,    &options->seccomp,
		&options->apparmor,   &options->cgroup_parent, &options->stop_signal,
		&options->cidfile,    &options->seccomp_path,
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(*texts[i]);
}

static void free_lists(struct run_options *options)
{
	struct strv *lists[] = {
		&options->args,       &options->group_add,    &options->env,
		&options->cap_add,    &options->cap_drop,     &options->labels_selinux,
		&options->sysctls,    &options->add_hosts,    &options->dns,
		&options->dns_search, &options->dns_options,  &options->annotations,
		&options->labels,     &options->time_offsets,
	};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
}

static void free_namespaces(struct run_options *options)
{
	struct run_ns *namespaces[] = {
		&options->network,  &options->pid,    &options->ipc,  &options->uts,
		&options->cgroupns, &options->userns, &options->time,
	};
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		free(namespaces[i]->value);
}

void run_options_done(struct run_options *options)
{
	free_texts(options);
	free_lists(options);
	free_namespaces(options);
	for (size_t i = 0; i < options->devices_len; i++) {
		free(options->devices[i].source);
		free(options->devices[i].target);
	}
	free(options->devices);
	for (size_t i = 0; i < options->mounts_len; i++) {
		free(options->mounts[i].source);
		free(options->mounts[i].target);
		free(options->mounts[i].propagation);
		strv_done(&options->mounts[i].options);
	}
	free(options->mounts);
	free(options->ulimits);
	cgroup_limits_done(&options->limits);
	memset(options, 0, sizeof(*options));
}
