/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does not go together. An option that could have no effect is refused by name: whoever asks
 * for a limit or a filter must not believe that there is one.
 */
#include "engine/run/draft.h"

#include <string.h>

#define HOSTNAME_MAX 64 /* the kernel's, for both names */

static bool has_limits(const struct cgroup_limits *limits)
{
	const struct cgroup_value *values[] = {
		&limits->memory.limit_bytes, &limits->memory.reservation_bytes,
		&limits->memory.swap_bytes,  &limits->memory.swappiness,
		&limits->cpu.shares,         &limits->cpu.quota_us,
		&limits->cpu.period_us,      &limits->cpu.rt_period_us,
		&limits->cpu.rt_runtime_us,  &limits->pids_max,
		&limits->io.weight,
	};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i]->is_set)
			return true;
	const struct cgroup_throttles *throttles[] = {
		&limits->io.weight_device, &limits->io.read_bps,   &limits->io.write_bps,
		&limits->io.read_iops,     &limits->io.write_iops,
	};
	for (size_t i = 0; i < ARRAY_LEN(throttles); i++)
		if (throttles[i]->len > 0)
			return true;
	return limits->memory.oom_kill_disabled || limits->cpu.cpus != NULL ||
	       limits->cpu.mems != NULL || limits->hugetlb_len > 0 || limits->devices_len > 0;
}

static bool is_asked(const struct run_ns *ns)
{
	return ns->kind != RUN_NS_DEFAULT && ns->kind != RUN_NS_HOST;
}

static bool is_confined(const char *profile)
{
	return profile != NULL && strcmp(profile, "unconfined") != 0;
}

static int check_layers(const struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	bool has_names = options->add_hosts.len + options->dns.len + options->dns_search.len +
				 options->dns_options.len >
			 0;
	const struct {
		bool is_asked;
		enum isolate_layer layer;
		const char *what, *layer_name;
	} needs[] = {
		{ options->mounts_len > 0, ISOLATE_MOUNT, "a mount", "mount" },
		{ options->init, ISOLATE_MOUNT, "--init", "mount" },
		{ options->read_only, ISOLATE_MOUNT, "--read-only", "mount" },
		{ options->tty, ISOLATE_MOUNT, "--tty", "mount" },
		{ options->shm_bytes != 0, ISOLATE_MOUNT, "--shm-size", "mount" },
		{ has_names, ISOLATE_MOUNT, "--add-host and --dns", "mount" },
		{ is_asked(&options->pid), ISOLATE_PID, "--pid", "pid" },
		{ is_asked(&options->ipc), ISOLATE_IPC, "--ipc", "ipc" },
		{ is_asked(&options->uts), ISOLATE_UTS, "--uts", "uts" },
		{ is_asked(&options->network), ISOLATE_NET, "--network", "net" },
		{ is_asked(&options->cgroupns), ISOLATE_CGROUPNS, "--cgroupns", "cgroupns" },
		{ options->time_offsets.len > 0, ISOLATE_TIME, "--time-offset", "time" },
		{ options->hostname != NULL, ISOLATE_UTS, "--hostname", "uts" },
		{ options->domainname != NULL, ISOLATE_UTS, "--domainname", "uts" },
		{ has_limits(&options->limits), ISOLATE_CGROUP, "a resource limit", "cgroup" },
		{ options->cgroup_parent != NULL, ISOLATE_CGROUP, "--cgroup-parent", "cgroup" },
		{ options->cap_add.len + options->cap_drop.len > 0, ISOLATE_CAPS,
		  "--cap-add and --cap-drop", "caps" },
		{ is_confined(options->seccomp), ISOLATE_SECCOMP, "a seccomp profile", "seccomp" },
		{ is_confined(options->apparmor), ISOLATE_LSM, "an AppArmor profile", "lsm" },
	};
	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (needs[i].is_asked && !run_draft_isolates(draft, needs[i].layer))
			return err_set(err, ERR_INVALID, "%s: the isolation layer '%s' is missing",
				       needs[i].what, needs[i].layer_name);
	if (run_draft_isolates(draft, ISOLATE_PIVOT) && !run_draft_isolates(draft, ISOLATE_MOUNT) &&
	    !run_draft_isolates(draft, ISOLATE_CHROOT))
		return err_set(err, ERR_INVALID,
			       "--isolate pivot: the isolation layer 'mount' is missing");
	return 0;
}

static int check_name(const char *what, const char *name, struct err *err)
{
	if (name != NULL && strlen(name) > HOSTNAME_MAX)
		return err_set(err, ERR_INVALID, "%s: longer than %d characters: %s", what,
			       HOSTNAME_MAX, name);
	return 0;
}

static int check_names(const struct run_options *options, struct err *err)
{
	enum run_ns_kind uts = options->uts.kind;
	bool is_foreign = uts == RUN_NS_HOST || uts == RUN_NS_CONTAINER || uts == RUN_NS_PATH;
	if (is_foreign && (options->hostname != NULL || options->domainname != NULL))
		return err_set(err, ERR_INVALID, "conflicting options: hostname and the UTS mode");
	if (check_name("--hostname", options->hostname, err) < 0)
		return -1;
	return check_name("--domainname", options->domainname, err);
}

/* A procfs belongs to its PID namespace; mounting the host's takes rights that a new user namespace
 * does not have. */
static int check_user(const struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	enum run_ns_kind user = options->userns.kind;
	bool is_new = user == RUN_NS_AUTO || user == RUN_NS_PRIVATE ||
		      (user == RUN_NS_DEFAULT && run_draft_isolates(draft, ISOLATE_USER));
	bool has_host_pids = options->pid.kind == RUN_NS_HOST ||
			     !run_draft_isolates(draft, ISOLATE_PID);
	if (is_new && has_host_pids && run_draft_isolates(draft, ISOLATE_MOUNT))
		return err_set(err, ERR_UNSUPPORTED,
			       "a new user namespace cannot be combined with the host's PID "
			       "namespace");
	return 0;
}

int run_draft_check(const struct run_draft *draft, struct err *err)
{
	if (check_layers(draft, err) < 0)
		return -1;
	if (check_user(draft, err) < 0)
		return -1;
	return check_names(draft->options, err);
}
