/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: a pure function from a spec to rows. It knows what depends on what (the order of
 * enum boot_step_id) and what a container needs; it must never touch the system. A test checks
 * that every plan's rows are in the table's order.
 */
#include "runtime/boot/plan.h"

#include "base/mem.h"
#include "kernel/proc/sysctl.h"
#include "kernel/seccomp/verdict.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

const char *boot_proc_name(enum boot_proc proc)
{
	static const char *const names[] = { "parent", "outer", "inner" };
	return names[proc];
}

struct planner {
	struct boot_plan *plan;
	enum boot_proc proc;
	size_t capacity[BOOT_PROC_COUNT];
};

static struct boot_op *add(struct planner *planner, enum boot_step_id step)
{
	struct boot_plan *plan = planner->plan;
	enum boot_proc proc = planner->proc;
	if (plan->len[proc] == planner->capacity[proc]) {
		planner->capacity[proc] = planner->capacity[proc] * 2 + 32;
		plan->ops[proc] = mem_realloc(plan->ops[proc],
					      planner->capacity[proc] * sizeof(struct boot_op));
	}
	struct boot_op *op = &plan->ops[proc][plan->len[proc]++];
	memset(op, 0, sizeof(*op));
	op->step = step;
	return op;
}

static void add_if(struct planner *planner, bool wanted, enum boot_step_id step)
{
	if (wanted)
		add(planner, step);
}

static bool is_new(const struct spec *spec, enum ns_type type)
{
	return spec->namespaces[type].is_used && spec->namespaces[type].path == NULL;
}

static bool is_joined(const struct spec *spec, enum ns_type type)
{
	return spec->namespaces[type].is_used && spec->namespaces[type].path != NULL;
}

static bool has_option(const struct spec_mount *mount, const char *option)
{
	return strv_find(&mount->options, option) >= 0;
}

bool boot_mount_is_bind(const struct spec_mount *mount)
{
	return has_option(mount, "bind") || has_option(mount, "rbind") ||
	       (mount->type != NULL && strcmp(mount->type, "bind") == 0);
}

bool boot_mount_is_sealed_late(const struct spec_mount *mount)
{
	if (boot_mount_is_bind(mount) || mount->type == NULL || !has_option(mount, "ro"))
		return false;
	return strcmp(mount->type, "tmpfs") == 0 || strcmp(mount->destination, "/dev") == 0;
}

/* A /dev that is bound belongs to its owner. */
static bool makes_devices(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (strcmp(spec->mounts[i].destination, "/dev") == 0 &&
		    boot_mount_is_bind(&spec->mounts[i]))
			return false;
	return spec->has_default_devices || spec->devices_len > 0;
}

static int check_needs_mount_ns(const struct spec *spec, struct err *err)
{
	if (spec->namespaces[NS_MOUNT].is_used)
		return 0;
	if (spec->root_change == SPEC_ROOT_PIVOT)
		return err_set(err, ERR_INVALID, "pivot_root needs a mount namespace");
	if (spec->mounts_len > 0)
		return err_set(err, ERR_INVALID, "mount %s needs a mount namespace",
			       spec->mounts[0].destination);
	if (spec->masked_paths.len > 0 || spec->readonly_paths.len > 0 || spec->root_readonly)
		return err_set(err, ERR_INVALID,
			       "masked and read-only paths need a mount namespace");
	return 0;
}

static int check_namespaces(const struct spec *spec, struct err *err)
{
	if (is_new(spec, NS_USER) && (spec->uid_maps_len == 0 || spec->gid_maps_len == 0))
		return err_set(err, ERR_INVALID, "a new user namespace needs uid and gid mappings");
	if (!spec->namespaces[NS_USER].is_used && spec->uid_maps_len > 0)
		return err_set(err, ERR_INVALID, "id mappings need a user namespace");
	if (spec->net_devices_len > 0 && !spec->namespaces[NS_NET].is_used)
		return err_set(err, ERR_INVALID, "network devices need a network namespace");
	/* The others are joined before; but mounts are made after. */
	if (is_new(spec, NS_USER) && is_joined(spec, NS_MOUNT))
		return err_set(err, ERR_UNSUPPORTED,
			       "root of a new user namespace may mount nothing in a mount "
			       "namespace that is joined");
	if ((spec->hostname != NULL || spec->domainname != NULL) &&
	    !spec->namespaces[NS_UTS].is_used)
		return err_set(err, ERR_INVALID, "a hostname needs a UTS namespace");
	if (spec->time_offsets_len > 0 && !is_new(spec, NS_TIME))
		return err_set(err, ERR_INVALID, "time offsets need a new time namespace");
	return 0;
}

/* A parameter that is not kept per namespace would be set on the host. */
static int check_sysctls(const struct spec *spec, struct err *err)
{
	struct sysctl_scope scope = {
		.has_ipc = spec->namespaces[NS_IPC].is_used,
		.has_net = spec->namespaces[NS_NET].is_used,
		.has_uts = spec->namespaces[NS_UTS].is_used,
		.has_user = spec->namespaces[NS_USER].is_used,
	};
	for (size_t i = 0; i < spec->sysctls_len; i++)
		if (sysctl_check(spec->sysctls[i].name, spec->sysctls[i].value, &scope, err) < 0)
			return -1;
	return 0;
}

/* The kernel's answer would be a bare EINVAL. */
static int check_mount_owner(const struct spec *spec, const struct spec_mount *mount,
			     struct err *err)
{
	for (size_t i = 0; i < mount->options.len; i++) {
		const char *option = mount->options.items[i];
		bool is_uid = strncmp(option, "uid=", 4) == 0;
		uint32_t unused;
		if (!is_uid && strncmp(option, "gid=", 4) != 0)
			continue;
		uint32_t id = (uint32_t)strtoul(option + 4, NULL, 10);
		if (ns_map_id(is_uid ? spec->uid_maps : spec->gid_maps,
			      is_uid ? spec->uid_maps_len : spec->gid_maps_len, id, &unused))
			continue;
		return err_set(err, ERR_INVALID,
			       "mount %s: option %s: the user namespace has no such id",
			       mount->destination, option);
	}
	return 0;
}

/* A container that its caller has no rights for beyond those of its own user namespace. */
static int check_unprivileged(const struct spec *spec, const struct boot_options *options,
			      struct err *err)
{
	if (options->is_unprivileged && options->root.overlay != NULL)
		return err_set(err, ERR_UNSUPPORTED, "an overlay needs root");
	if (options->is_unprivileged && !spec->namespaces[NS_MOUNT].is_used)
		return err_set(err, ERR_INVALID,
			       "without root a container needs a mount namespace");
	for (size_t i = 0; is_new(spec, NS_USER) && i < spec->mounts_len; i++)
		if (!boot_mount_is_bind(&spec->mounts[i]) &&
		    check_mount_owner(spec, &spec->mounts[i], err) < 0)
			return -1;
	return 0;
}

static int check(const struct spec *spec, const struct boot_options *options, struct err *err)
{
	if (spec->process.args.len == 0)
		return err_set(err, ERR_INVALID, "process.args: no program to run");
	if (check_needs_mount_ns(spec, err) < 0)
		return -1;
	if (check_namespaces(spec, err) < 0 || check_sysctls(spec, err) < 0 ||
	    check_unprivileged(spec, options, err) < 0)
		return -1;
	if (options->uses_console && !spec->namespaces[NS_MOUNT].is_used)
		return err_set(err, ERR_INVALID,
			       "a terminal needs a mount namespace for its devpts");
	return 0;
}

static bool is_exec(const struct boot_plan *plan)
{
	return plan->target != NULL;
}

/* A policy may not be inherited (SCHED_FLAG_RESET_ON_FORK, SCHED_DEADLINE), and who is entered with
 * has no right to set one. Without rights of ours there is nothing that a child would lose. */
static bool schedules_from_outside(const struct boot_plan *plan)
{
	return is_exec(plan) && plan->spec->process.scheduler.is_set &&
	       !plan->options->is_unprivileged;
}

/* Does the parent act on the process that has entered, before that goes on? */
static bool is_placed(const struct boot_plan *plan)
{
	return plan->spec->rdt.is_set || schedules_from_outside(plan);
}

/* On v1 the inner process moves itself: a "0" in tasks waits for nobody, a pid in cgroup.procs for
 * an RCU grace period (5-12 ms). A new user namespace does not take that right away before the
 * process becomes somebody in it; a joined one has by then. On v2 the clone is made inside. */
static bool joins_cgroup_itself(const struct boot_plan *plan)
{
	return plan->spec->has_cgroup && !plan->options->is_cgroup_v2 &&
	       !is_joined(plan->spec, NS_USER);
}

static bool is_moved_to_cgroup(const struct boot_plan *plan)
{
	return plan->spec->has_cgroup && !plan->options->is_cgroup_v2 &&
	       is_joined(plan->spec, NS_USER);
}

/* systemd makes no group without a process in it: ours has to wait until it is inside. */
static bool has_scope(const struct boot_plan *plan)
{
	return plan->spec->has_cgroup && plan->options->scope != NULL;
}

static bool shows_cgroup_writable(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mounts_len; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		if (mount->type != NULL && strncmp(mount->type, "cgroup", strlen("cgroup")) == 0 &&
		    !has_option(mount, "ro"))
			return true;
	}
	return false;
}

/* Source: config-linux.md, "Cgroup ownership". What a joined user namespace maps is not known. */
static bool gives_cgroup(const struct boot_plan *plan)
{
	const struct spec *spec = plan->spec;
	const struct boot_options *options = plan->options;
	bool may_be_other = is_new(spec, NS_USER) || options->user != NULL ||
			    spec->process.user.uid != 0;
	return spec->has_cgroup && options->is_cgroup_v2 && !options->is_unprivileged &&
	       is_new(spec, NS_CGROUP) && !is_joined(spec, NS_USER) && may_be_other &&
	       shows_cgroup_writable(spec);
}

/* With an outer process, too: what the inner one has to say must not arrive before it is told of.
 */
static bool waits_for_parent(const struct boot_plan *plan)
{
	return plan->has_outer || plan->has_user_ns || is_moved_to_cgroup(plan) ||
	       has_scope(plan) || plan->spec->net_devices_len > 0 || plan->spec->rdt.is_set;
}

/* On v1 a group is a directory in ten trees. With nothing else to wait for, the inner process
 * builds its root while the parent makes them; in a joined namespace it would not find them. */
static bool makes_cgroup_late(const struct boot_plan *plan)
{
	for (int type = 0; type < NS_COUNT; type++)
		if (is_joined(plan->spec, (enum ns_type)type))
			return false;
	return joins_cgroup_itself(plan) && !waits_for_parent(plan);
}

/* Rights in a new user namespace reach no namespace that is older, those in a joined one only what
 * it owns. The rights of root reach all of them. */
static bool joins_outside(const struct boot_plan *plan)
{
	return plan->spec->namespaces[NS_USER].is_used && !plan->options->is_unprivileged;
}

/* Is it the file system of a joined namespace that root of the new user namespace does not own? */
static bool is_mounted_outside(const struct boot_plan *plan, const struct spec_mount *mount)
{
	const struct spec *spec = plan->spec;
	if (!plan->has_user_ns || !joins_outside(plan) || mount->type == NULL ||
	    boot_mount_is_bind(mount) || has_option(mount, "remount"))
		return false;
	return (strcmp(mount->type, "mqueue") == 0 && is_joined(spec, NS_IPC)) ||
	       (strcmp(mount->type, "sysfs") == 0 && is_joined(spec, NS_NET));
}

bool boot_has_create_hooks(const struct spec *spec)
{
	return spec->hooks[SPEC_HOOK_PRESTART].len + spec->hooks[SPEC_HOOK_CREATE_RUNTIME].len +
		       spec->hooks[SPEC_HOOK_CREATE_CONTAINER].len >
	       0;
}

/* The inner process learns from the parent which pid hooks are told. */
static bool hears_of_hooks(const struct spec *spec)
{
	return boot_has_create_hooks(spec) || spec->hooks[SPEC_HOOK_START_CONTAINER].len > 0;
}

/* The tree's own mounts are for whoever has the right to copy them: usually the parent, while host
 * paths still mean what the user wrote. Without rights of its own it leaves them to the inner
 * process, which is root of its namespaces and has a copy of the host's mounts until it pivots. */
static void plan_sources(struct planner *planner, enum boot_step_id rootfs, enum boot_step_id user,
			 enum boot_step_id source)
{
	const struct boot_plan *plan = planner->plan;
	const struct spec *spec = plan->spec;
	add(planner, plan->options->root.overlay != NULL ? STEP_MOUNT_OVERLAY : rootfs);
	add_if(planner, plan->options->user != NULL || plan->options->finds_home, user);
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (boot_mount_is_bind(&spec->mounts[i]))
			add(planner, source)->mount = i;
}

/* Its filter is loaded while the parent is there, which may be before the start is awaited. */
static bool has_listener(const struct spec *spec)
{
	const struct seccomp_program program = { .len = spec->seccomp.len,
						 .flags = spec->seccomp.flags };
	return seccomp_has_listener(&program);
}

/* A container that waits for its start has its program executed when we are long gone. */
static void plan_parent_end(struct planner *planner)
{
	const struct boot_options *options = planner->plan->options;
	add_if(planner, has_listener(planner->plan->spec), STEP_PASS_LISTENER);
	add_if(planner, options->record != NULL, STEP_RECORD_PROCESS);
	add_if(planner, options->gate == NULL, STEP_AWAIT_EXEC);
}

static void plan_parent(struct planner *planner)
{
	struct boot_plan *plan = planner->plan;
	const struct spec *spec = plan->spec;
	planner->proc = BOOT_PARENT;
	bool makes_cgroup = spec->has_cgroup && !has_scope(plan);
	bool is_late = makes_cgroup_late(plan);
	add_if(planner, is_late, STEP_BEGIN_CGROUP);
	add_if(planner, makes_cgroup && !is_late, STEP_MAKE_CGROUP);
	add_if(planner, makes_cgroup && !is_late, STEP_SET_LIMITS);
	if (!plan->options->is_unprivileged)
		plan_sources(planner, STEP_OPEN_ROOTFS, STEP_FIND_USER, STEP_CLONE_SOURCE);
	for (int type = 0; type < NS_COUNT; type++)
		if (is_joined(spec, (enum ns_type)type))
			add(planner, STEP_OPEN_NAMESPACE)->ns = (enum ns_type)type;
	add_if(planner, makes_cgroup && gives_cgroup(plan), STEP_GIVE_CGROUP);
	add(planner, plan->has_outer ? STEP_START_OUTER : STEP_START_INNER);
	add_if(planner, is_late, STEP_COMPLETE_CGROUP);
	add_if(planner, is_late, STEP_LIMIT_CGROUP);
	add_if(planner, has_scope(plan), STEP_MAKE_SCOPE);
	add_if(planner, has_scope(plan), STEP_LIMIT_SCOPE);
	add_if(planner, has_scope(plan) && gives_cgroup(plan), STEP_GIVE_SCOPE);
	add_if(planner, plan->has_user_ns, STEP_WRITE_ID_MAPS);
	add_if(planner, is_moved_to_cgroup(plan), STEP_MOVE_TO_CGROUP);
	add_if(planner, spec->net_devices_len > 0, STEP_MOVE_NET_DEVICES);
	add_if(planner, spec->rdt.is_set, STEP_PLACE_IN_CLASS);
	add_if(planner, waits_for_parent(plan) || is_late, STEP_LET_GO);
	add_if(planner, plan->options->uses_console, STEP_TAKE_CONSOLE);
	add_if(planner, hears_of_hooks(spec), STEP_RUNTIME_HOOKS);
	plan_parent_end(planner);
}

static void plan_outer(struct planner *planner)
{
	const struct boot_plan *plan = planner->plan;
	const struct spec *spec = plan->spec;
	planner->proc = BOOT_OUTER;
	static const enum ns_type by_root[] = { NS_CGROUP, NS_IPC,  NS_UTS,  NS_NET,
						NS_PID,    NS_TIME, NS_USER, NS_COUNT };
	static const enum ns_type by_user[] = { NS_USER, NS_PID, NS_TIME, NS_COUNT };
	const enum ns_type *types = joins_outside(plan) ? by_root : by_user;
	for (; *types != NS_COUNT; types++)
		if (is_joined(spec, *types))
			add(planner, STEP_OUTER_JOIN_NAMESPACE)->ns = *types;
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (is_mounted_outside(plan, &spec->mounts[i]))
			add(planner, STEP_OUTER_MOUNT)->mount = i;
	add_if(planner, spec->time_offsets_len > 0, STEP_OUTER_TIME_OFFSETS);
	add(planner, STEP_OUTER_START_INNER);
}

/* Namespaces that the inner process can still join by itself. */
static void plan_joins(struct planner *planner)
{
	const struct boot_plan *plan = planner->plan;
	static const enum ns_type types[] = { NS_CGROUP, NS_IPC, NS_UTS, NS_NET, NS_MOUNT };
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		bool is_in = types[i] != NS_MOUNT && joins_outside(plan);
		if (is_joined(plan->spec, types[i]) && !is_in)
			add(planner, STEP_JOIN_NAMESPACE)->ns = types[i];
	}
}

static void plan_session(struct planner *planner)
{
	const struct spec *spec = planner->plan->spec;
	add(planner, STEP_NEW_SESSION);
	add_if(planner, spec->has_new_keyring, STEP_NEW_KEYRING);
}

static void plan_world(struct planner *planner)
{
	struct boot_plan *plan = planner->plan;
	const struct spec *spec = plan->spec;
	add_if(planner, waits_for_parent(plan), STEP_AWAIT_PARENT);
	add_if(planner, has_scope(plan), STEP_OPEN_SCOPE);
	bool is_late = makes_cgroup_late(plan);
	add_if(planner, joins_cgroup_itself(plan) && !is_late, STEP_JOIN_CGROUP);
	add_if(planner, is_new(spec, NS_CGROUP) && !is_late, STEP_NEW_CGROUP_NAMESPACE);
	plan_joins(planner);
	add_if(planner, spec->namespaces[NS_USER].is_used, STEP_BECOME_ROOT);
	plan_session(planner);
	add_if(planner, spec->hostname != NULL, STEP_SET_HOSTNAME);
	add_if(planner, spec->domainname != NULL, STEP_SET_DOMAINNAME);
	add_if(planner, is_new(spec, NS_NET), STEP_RAISE_LOOPBACK);
}

static bool needs_procfs(const struct spec *spec)
{
	const struct spec_process *process = &spec->process;
	return process->has_oom_score_adj || process->apparmor_profile != NULL ||
	       process->selinux_label != NULL;
}

static bool shows_cgroups(const struct spec_mount *mount)
{
	return mount->type != NULL &&
	       (strcmp(mount->type, "cgroup") == 0 || strcmp(mount->type, "cgroup2") == 0);
}

static void plan_late_cgroup(struct planner *planner)
{
	add(planner, STEP_AWAIT_CGROUP);
	add(planner, STEP_OPEN_OWN_CGROUP);
	add(planner, STEP_JOIN_OWN_CGROUP);
	add_if(planner, is_new(planner->plan->spec, NS_CGROUP), STEP_NEW_CGROUP_NAMESPACE_LATE);
}

static void plan_mounts(struct planner *planner)
{
	const struct spec *spec = planner->plan->spec;
	bool is_awaited = makes_cgroup_late(planner->plan);
	enum boot_step_id step = STEP_MOUNT;
	for (size_t i = 0; i < spec->mounts_len; i++) {
		if (is_awaited && shows_cgroups(&spec->mounts[i])) {
			plan_late_cgroup(planner);
			is_awaited = false;
			step = STEP_MOUNT_LATE;
		}
		add(planner, step)->mount = i;
	}
	if (is_awaited)
		plan_late_cgroup(planner);
}

static void plan_root(struct planner *planner)
{
	struct boot_plan *plan = planner->plan;
	const struct spec *spec = plan->spec;
	bool has_mount_ns = spec->namespaces[NS_MOUNT].is_used;
	add_if(planner, spec->sysctls_len > 0 || needs_procfs(spec), STEP_OPEN_PROCFS);
	for (size_t i = 0; i < spec->sysctls_len; i++)
		add(planner, STEP_SET_SYSCTL)->sysctl = &spec->sysctls[i];
	if (plan->options->is_unprivileged)
		plan_sources(planner, STEP_INNER_OPEN_ROOTFS, STEP_INNER_FIND_USER,
			     STEP_INNER_CLONE_SOURCE);
	add_if(planner, has_mount_ns, STEP_SET_PROPAGATION);
	add_if(planner, has_mount_ns, STEP_ATTACH_ROOT);
	plan_mounts(planner);
	add_if(planner, makes_devices(spec), STEP_MAKE_DEVICES);
	add_if(planner, plan->options->uses_console, STEP_OPEN_CONSOLE);
	add_if(planner, hears_of_hooks(spec), STEP_AWAIT_HOOKS);
	add_if(planner, spec->hooks[SPEC_HOOK_CREATE_CONTAINER].len > 0, STEP_CREATE_HOOKS);
	add_if(planner, spec->masked_paths.len > 0, STEP_OPEN_MASKS);
	for (size_t i = 0; i < spec->masked_paths.len; i++)
		add(planner, STEP_MASK_PATH)->path = spec->masked_paths.items[i];
	for (size_t i = 0; i < spec->readonly_paths.len; i++)
		add(planner, STEP_READONLY_PATH)->path = spec->readonly_paths.items[i];
	add_if(planner, plan->options->make_workdir, STEP_MAKE_WORKDIR);
	for (size_t i = 0; i < spec->mounts_len; i++)
		if (boot_mount_is_sealed_late(&spec->mounts[i]))
			add(planner, STEP_SEAL_MOUNT)->mount = i;
	add_if(planner, spec->root_readonly, STEP_READONLY_ROOT);
	add(planner, spec->root_change == SPEC_ROOT_PIVOT ? STEP_PIVOT_ROOT : STEP_CHROOT);
}

/* Without no_new_privs the kernel asks for CAP_SYS_ADMIN to load a filter. */
static bool needs_right_to_filter(const struct spec *spec)
{
	return spec->seccomp.len > 0 && !spec->process.no_new_privileges;
}

/* Who enters a container loads the filter from outside of its pid namespace, unless the filter is
 * one that lets nobody go on from there. */
static bool filters_late(const struct boot_plan *plan)
{
	const struct spec *spec = plan->spec;
	const struct seccomp_program program = { .filter = spec->seccomp.filter,
						 .len = spec->seccomp.len };
	return is_exec(plan) && needs_right_to_filter(spec) &&
	       (has_listener(spec) || !seccomp_lets(&program, SYS_clone, CLONE_PARENT | SIGCHLD) ||
		!seccomp_lets(&program, SYS_setsid, 0) || !seccomp_lets(&program, SYS_ioctl, 0));
}

/* What it still does when processes of the container see it: nothing that needs a right. */
static void plan_entry(struct planner *planner)
{
	const struct boot_plan *plan = planner->plan;
	add(planner, STEP_ENTER_PID_NAMESPACE);
	add_if(planner, is_placed(plan), STEP_AWAIT_PLACEMENT);
	add(planner, STEP_OWN_SESSION);
	add_if(planner, filters_late(plan), STEP_LOAD_SECCOMP_LATE);
	add_if(planner, filters_late(plan) && plan->spec->process.has_caps, STEP_SET_CAPS_LATE);
}

static void plan_identity(struct planner *planner)
{
	const struct spec *spec = planner->plan->spec;
	const struct spec_process *process = &spec->process;
	bool has_filter = spec->seccomp.len > 0, listens = has_listener(spec);
	bool is_late = filters_late(planner->plan);
	add_if(planner, process->rlimits_len > 0, STEP_SET_RLIMITS);
	add_if(planner, process->has_oom_score_adj, STEP_SET_OOM_SCORE);
	add_if(planner, process->ioprio.is_set, STEP_SET_IOPRIO);
	add_if(planner, process->scheduler.is_set && !schedules_from_outside(planner->plan),
	       STEP_SET_SCHEDULER);
	add_if(planner, spec->mempolicy.is_set, STEP_SET_MEMORY_POLICY);
	add_if(planner, spec->persona.is_set, STEP_SET_PERSONALITY);
	add_if(planner, process->apparmor_profile != NULL || process->selinux_label != NULL,
	       STEP_SET_LABEL);
	add(planner, STEP_SET_STDIO);
	add_if(planner, process->has_caps, STEP_DROP_BOUNDING);
	add_if(planner, needs_right_to_filter(spec) && !is_late, STEP_LOAD_SECCOMP_PRIVILEGED);
	add(planner, STEP_SET_USER);
	add_if(planner, process->has_caps, is_late ? STEP_SET_CAPS_BUT_ONE : STEP_SET_CAPS);
	add(planner, STEP_CHANGE_DIRECTORY);
	add(planner, STEP_FIND_PROGRAM);
	if (is_exec(planner->plan))
		plan_entry(planner);
	const struct boot_options *options = planner->plan->options;
	add_if(planner, options->dies_with_parent, STEP_DIE_WITH_PARENT);
	add_if(planner, listens && process->no_new_privileges, STEP_NO_NEW_PRIVS_EARLY);
	add_if(planner, listens && process->no_new_privileges, STEP_LOAD_SECCOMP_LISTENING);
	add_if(planner, options->record != NULL, STEP_REPORT_CREATED);
	add_if(planner, options->gate != NULL, STEP_AWAIT_START);
	add_if(planner, !listens && process->no_new_privileges, STEP_NO_NEW_PRIVS);
	add_if(planner, !listens && has_filter && process->no_new_privileges, STEP_LOAD_SECCOMP);
	add_if(planner, !is_exec(planner->plan) && spec->hooks[SPEC_HOOK_START_CONTAINER].len > 0,
	       STEP_START_HOOKS);
	add(planner, STEP_EXEC);
}

/* Namespaces the clone makes. The cgroup namespace is not among them: its root would be the
 * parent's cgroup; and a time namespace with offsets has to be prepared before anyone is in it. */
static uint64_t flags_for_clone(const struct spec *spec)
{
	uint64_t flags = 0;
	for (int type = 0; type < NS_COUNT; type++) {
		if (type == NS_CGROUP || (type == NS_TIME && spec->time_offsets_len > 0))
			continue;
		if (is_new(spec, (enum ns_type)type))
			flags |= (uint64_t)(unsigned)ns_info((enum ns_type)type)->clone_flag;
	}
	return flags;
}

static bool needs_outer(const struct spec *spec)
{
	for (int type = 0; type < NS_COUNT && is_new(spec, NS_USER); type++)
		if (is_joined(spec, (enum ns_type)type))
			return true;
	return is_joined(spec, NS_USER) || is_joined(spec, NS_PID) || is_joined(spec, NS_TIME) ||
	       spec->time_offsets_len > 0;
}

bool boot_child_has_rights(const struct spec *spec)
{
	return !spec->namespaces[NS_USER].is_used && !needs_outer(spec);
}

int boot_plan_make(const struct spec *spec, const struct boot_options *options,
		   struct boot_plan *out, struct err *err)
{
	if (check(spec, options, err) < 0)
		return -1;
	*out = (struct boot_plan){
		.spec = spec,
		.options = options,
		.has_user_ns = is_new(spec, NS_USER),
		.has_outer = needs_outer(spec),
		.clone_flags = flags_for_clone(spec),
	};
	struct planner planner = { .plan = out };
	plan_parent(&planner);
	if (out->has_outer)
		plan_outer(&planner);
	planner.proc = BOOT_INNER;
	add_if(&planner, options->leaves_program, STEP_LEAVE_PROGRAM);
	plan_world(&planner);
	plan_root(&planner);
	plan_identity(&planner);
	return 0;
}

/* All at once by the pidfd. */
static uint64_t flags_to_enter(const struct spec *spec)
{
	uint64_t flags = 0;
	for (int type = 0; type < NS_COUNT; type++)
		if (spec->namespaces[type].is_used)
			flags |= (uint64_t)(unsigned)ns_info((enum ns_type)type)->clone_flag;
	return flags;
}

bool boot_joins_by_systemd(const struct boot_plan *plan)
{
	return is_exec(plan) && plan->target->unit != NULL && plan->spec->has_cgroup &&
	       plan->options->is_unprivileged;
}

static void plan_exec_parent(struct planner *planner)
{
	struct boot_plan *plan = planner->plan;
	planner->proc = BOOT_PARENT;
	add_if(planner, plan->spec->has_cgroup, STEP_OPEN_CGROUP);
	add_if(planner, plan->spec->process.exec_affinity.initial != NULL, STEP_INITIAL_AFFINITY);
	add(planner, STEP_START_ENTERING);
	add_if(planner, plan->spec->rdt.is_set, STEP_PLACE_IN_CLASS);
	add_if(planner, schedules_from_outside(plan), STEP_SET_ENTERED_SCHEDULER);
	add_if(planner, is_placed(plan), STEP_LET_GO);
	add_if(planner, plan->options->uses_console, STEP_TAKE_CONSOLE);
	plan_parent_end(planner);
}

static void plan_exec_inner(struct planner *planner)
{
	struct boot_plan *plan = planner->plan;
	planner->proc = BOOT_INNER;
	add_if(planner, boot_joins_by_systemd(plan), STEP_JOIN_SCOPE);
	add_if(planner, plan->spec->has_cgroup, STEP_JOIN_CGROUP);
	add_if(planner, plan->spec->process.exec_affinity.final != NULL, STEP_FINAL_AFFINITY);
	add_if(planner, needs_procfs(plan->spec), STEP_OPEN_OUTER_PROCFS);
	add(planner, STEP_ENTER_CONTAINER);
	add_if(planner, plan->spec->namespaces[NS_USER].is_used, STEP_BECOME_ROOT);
	add_if(planner, plan->spec->has_new_keyring, STEP_NEW_KEYRING);
	add_if(planner, plan->options->finds_home, STEP_INNER_FIND_USER);
	add_if(planner, plan->options->uses_console, STEP_OPEN_CONSOLE);
	plan_identity(planner);
}

int boot_plan_make_exec(const struct spec *spec, const struct boot_options *options,
			const struct boot_target *target, struct boot_plan *out, struct err *err)
{
	if (spec->process.args.len == 0)
		return err_set(err, ERR_INVALID, "process.args: no program to run");
	bool enters_user_first = options->is_unprivileged && spec->namespaces[NS_USER].is_used;
	uint64_t first_flags = enters_user_first ? CLONE_NEWUSER : 0;
	struct boot_plan plan = {
		.spec = spec,
		.options = options,
		.target = target,
		.enter_flags = flags_to_enter(spec) & ~first_flags,
		.enters_user_first = enters_user_first,
	};
	if (filters_late(&plan) && !spec->process.has_caps && spec->process.user.uid != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "this system call filter needs process.capabilities or "
			       "noNewPrivileges for a user other than root");
	*out = plan;
	struct planner planner = { .plan = out };
	plan_exec_parent(&planner);
	plan_exec_inner(&planner);
	return 0;
}

void boot_plan_done(struct boot_plan *plan)
{
	for (int proc = 0; proc < BOOT_PROC_COUNT; proc++)
		free(plan->ops[proc]);
	memset(plan, 0, sizeof(*plan));
}
