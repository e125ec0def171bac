/* SPDX-License-Identifier: Apache-2.0 */
/* The laws of the boot plan, checked without root: order, belonging, contradictions. */
#include "runtime/boot/plan.h"

#include "base/mem.h"
#include "runtime/boot/explain.h"
#include "runtime/boot/steps.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bed {
	struct spec spec;
	struct boot_options options;
	struct boot_plan plan;
	struct err err;
};

/* A container with everything a default one has. */
static void bed_init(struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	struct spec *spec = &bed->spec;
	spec_init(spec);
	strv_add(&spec->process.args, "sh");
	spec->process.cwd = mem_strdup("/");
	spec->process.has_caps = true;
	spec->hostname = mem_strdup("jar");
	spec->cgroups_path = mem_strdup("/jar");
	spec->has_cgroup = spec->has_new_keyring = spec->has_default_devices = true;
	for (int type = 0; type < NS_COUNT; type++)
		spec->namespaces[type].is_used = type != NS_USER;
	spec_add_mount(spec, "/proc", "proc", "proc", "nosuid");
	spec_add_mount(spec, "/data", NULL, "/srv/data", "rbind,ro");
	strv_add(&spec->masked_paths, "/proc/kcore");
	strv_add(&spec->readonly_paths, "/proc/sys");
	bed->options.root.path = "/rootfs";
	bed->options.user = "";
}

static void bed_done(struct bed *bed)
{
	boot_plan_done(&bed->plan);
	spec_done(&bed->spec);
}

static bool has_step(const struct bed *bed, enum boot_proc proc, enum boot_step_id step)
{
	for (size_t i = 0; i < bed->plan.len[proc]; i++)
		if (bed->plan.ops[proc][i].step == step)
			return true;
	return false;
}

/* Rows stand in the table's order, in the process the table gives them. */
static void assert_lawful(const struct bed *bed)
{
	for (int proc = 0; proc < BOOT_PROC_COUNT; proc++) {
		for (size_t i = 0; i < bed->plan.len[proc]; i++) {
			enum boot_step_id step = bed->plan.ops[proc][i].step;
			assert_int_equal(boot_step(step)->proc, proc);
			if (i > 0)
				assert_true(bed->plan.ops[proc][i - 1].step <= step);
		}
	}
}

static void make(struct bed *bed)
{
	boot_plan_done(&bed->plan);
	if (boot_plan_make(&bed->spec, &bed->options, &bed->plan, &bed->err) < 0)
		fail_msg("%s", bed->err.text);
	assert_lawful(bed);
}

static void assert_refused(struct bed *bed, const char *why)
{
	assert_int_equal(boot_plan_make(&bed->spec, &bed->options, &bed->plan, &bed->err), -1);
	if (strstr(bed->err.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", bed->err.text, why);
}

static void every_step_has_a_row(void **state)
{
	(void)state;
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct boot_step *step = boot_step((enum boot_step_id)id);
		assert_non_null(step->name);
		assert_non_null(step->run);
		assert_non_null(step->means);
		assert_non_null(step->breaks);
		assert_true((strstr(step->means, "%s") != NULL) == (step->describe != NULL));
	}
}

static void default_container_needs_no_outer(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	make(&bed);
	assert_false(bed.plan.has_outer);
	assert_int_equal(bed.plan.len[BOOT_OUTER], 0);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_START_INNER));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_CLONE_SOURCE));
	assert_true(has_step(&bed, BOOT_INNER, STEP_JOIN_OWN_CGROUP));
	assert_false(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	assert_int_equal(bed.plan.ops[BOOT_INNER][bed.plan.len[BOOT_INNER] - 1].step, STEP_EXEC);
	bed_done(&bed);
}

static void assert_cgroup_is_late(struct bed *bed, bool is_late)
{
	make(bed);
	assert_int_equal(has_step(bed, BOOT_PARENT, STEP_MAKE_CGROUP), !is_late);
	assert_int_equal(has_step(bed, BOOT_PARENT, STEP_SET_LIMITS), !is_late);
	assert_int_equal(has_step(bed, BOOT_PARENT, STEP_BEGIN_CGROUP), is_late);
	assert_int_equal(has_step(bed, BOOT_PARENT, STEP_COMPLETE_CGROUP), is_late);
	assert_int_equal(has_step(bed, BOOT_PARENT, STEP_LIMIT_CGROUP), is_late);
	assert_int_equal(has_step(bed, BOOT_INNER, STEP_AWAIT_CGROUP), is_late);
	assert_int_equal(has_step(bed, BOOT_INNER, STEP_JOIN_OWN_CGROUP), is_late);
	assert_int_equal(has_step(bed, BOOT_INNER, STEP_NEW_CGROUP_NAMESPACE), !is_late);
	if (is_late)
		assert_true(has_step(bed, BOOT_PARENT, STEP_LET_GO));
}

/* Where the inner process neither waits for something else nor is cloned into its group. */
static void cgroup_is_made_beside_the_child(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	assert_cgroup_is_late(&bed, true);
	assert_false(has_step(&bed, BOOT_INNER, STEP_MOUNT_LATE));
	spec_add_mount(&bed.spec, "/sys/fs/cgroup", "cgroup", "cgroup", "ro");
	spec_add_mount(&bed.spec, "/sys/fs/cgroup/x", "tmpfs", "tmpfs", "ro");
	assert_cgroup_is_late(&bed, true);
	size_t len = bed.plan.len[BOOT_INNER], late = 0;
	for (size_t i = 0; i < len; i++)
		late += bed.plan.ops[BOOT_INNER][i].step == STEP_MOUNT_LATE;
	assert_int_equal(late, 2); /* what lies inside comes after, too */
	bed.options.is_cgroup_v2 = true;
	assert_cgroup_is_late(&bed, false);
	bed.options.is_cgroup_v2 = false;
	bed.spec.rdt.is_set = true;
	assert_cgroup_is_late(&bed, false);
	bed.spec.rdt.is_set = false;
	bed.spec.namespaces[NS_NET].path = mem_strdup("/proc/1/ns/net");
	assert_cgroup_is_late(&bed, false);
	bed_done(&bed);
}

/* systemd's group is made around the inner process, which waits for it; ours is made before. */
static void scope_is_made_after_the_clone(void **state)
{
	(void)state;
	static char unit[] = "runc-jar.scope", slice[] = "system.slice";
	struct scope_request request = { .scope = { .unit = unit, .slice = slice } };
	struct bed bed;
	bed_init(&bed);
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_MAKE_SCOPE));
	assert_false(has_step(&bed, BOOT_INNER, STEP_OPEN_SCOPE));
	for (int is_v2 = 0; is_v2 < 2; is_v2++) {
		bed.options.scope = &request;
		bed.options.is_cgroup_v2 = is_v2;
		make(&bed);
		assert_false(has_step(&bed, BOOT_PARENT, STEP_MAKE_CGROUP));
		assert_false(has_step(&bed, BOOT_PARENT, STEP_SET_LIMITS));
		assert_true(has_step(&bed, BOOT_PARENT, STEP_MAKE_SCOPE));
		assert_true(has_step(&bed, BOOT_PARENT, STEP_LIMIT_SCOPE));
		assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
		assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
		assert_true(has_step(&bed, BOOT_INNER, STEP_OPEN_SCOPE));
		assert_int_equal(has_step(&bed, BOOT_INNER, STEP_JOIN_CGROUP), !is_v2);
	}
	/* Without a group there is no unit either. */
	bed.spec.has_cgroup = false;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_MAKE_SCOPE));
	assert_false(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	bed_done(&bed);
}

/* Who sees its cgroup writable is to divide it; the host's root may do that anyway. */
static void writable_cgroup_is_given_to_its_user(void **state)
{
	(void)state;
	struct ns_id_map map = { 0, 100000, 65536 };
	struct bed bed;
	bed_init(&bed);
	bed.options.is_cgroup_v2 = true;
	bed.spec.namespaces[NS_CGROUP].is_used = true;
	spec_add_mount(&bed.spec, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,ro");
	struct strv *options = &bed.spec.mounts[bed.spec.mounts_len - 1].options;
	bed.options.user = NULL;
	bed.spec.process.user.uid = 1000;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	strv_remove(options, (size_t)strv_find(options, "ro"));
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed.spec.process.user.uid = 0;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed.spec.namespaces[NS_USER].is_used = true;
	bed.spec.uid_maps = mem_dup(&map, sizeof(map));
	bed.spec.gid_maps = mem_dup(&map, sizeof(map));
	bed.spec.uid_maps_len = bed.spec.gid_maps_len = 1;
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed.options.is_unprivileged = true;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed.options.is_unprivileged = false;
	bed.spec.namespaces[NS_CGROUP].is_used = false;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed.spec.namespaces[NS_CGROUP].is_used = true;
	bed.options.is_cgroup_v2 = false;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_GIVE_CGROUP));
	bed_done(&bed);
}

static void what_only_the_host_can_give_is_waited_for(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.net_devices = spec_grow(NULL, &bed.spec.net_devices_len,
					 sizeof(*bed.spec.net_devices));
	bed.spec.net_devices[0].host_name = mem_strdup("eth1");
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_MOVE_NET_DEVICES));
	assert_false(has_step(&bed, BOOT_PARENT, STEP_PLACE_IN_CLASS));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	bed.spec.namespaces[NS_NET].is_used = false;
	assert_refused(&bed, "network namespace");
	bed_done(&bed);
	bed_init(&bed);
	bed.spec.rdt.is_set = true;
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_PLACE_IN_CLASS));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	bed_done(&bed);
}

/* A filter with a listener is loaded while somebody is there to pass the listener on. */
static void a_listening_filter_comes_before_the_start(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.seccomp.len = 1;
	bed.spec.process.no_new_privileges = true;
	make(&bed);
	assert_true(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP));
	assert_false(has_step(&bed, BOOT_PARENT, STEP_PASS_LISTENER));
	bed.spec.seccomp.flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	make(&bed);
	assert_false(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP));
	assert_false(has_step(&bed, BOOT_INNER, STEP_NO_NEW_PRIVS));
	assert_true(has_step(&bed, BOOT_INNER, STEP_NO_NEW_PRIVS_EARLY));
	assert_true(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP_LISTENING));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_PASS_LISTENER));
	assert_true(STEP_LOAD_SECCOMP_LISTENING < STEP_START_HOOKS);
	bed.spec.process.no_new_privileges = false;
	make(&bed);
	assert_true(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP_PRIVILEGED));
	assert_false(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP_LISTENING));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_PASS_LISTENER));
	bed_done(&bed);
}

static void joined_pid_namespace_needs_outer(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.namespaces[NS_PID].path = mem_strdup("/proc/1/ns/pid");
	make(&bed);
	assert_true(bed.plan.has_outer);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_START_OUTER));
	assert_false(has_step(&bed, BOOT_PARENT, STEP_START_INNER));
	assert_true(has_step(&bed, BOOT_OUTER, STEP_OUTER_JOIN_NAMESPACE));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	bed_done(&bed);
}

static enum ns_type outer_join(const struct bed *bed, size_t index)
{
	const struct boot_op *op = &bed->plan.ops[BOOT_OUTER][index];
	assert_int_equal(op->step, STEP_OUTER_JOIN_NAMESPACE);
	return op->ns;
}

static void joined_beside_a_user_namespace(void **state)
{
	(void)state;
	struct bed bed;
	struct ns_id_map map = { 0, 100000, 65536 };
	bed_init(&bed);
	bed.spec.namespaces[NS_USER].is_used = true;
	bed.spec.uid_maps = mem_dup(&map, sizeof(map));
	bed.spec.gid_maps = mem_dup(&map, sizeof(map));
	bed.spec.uid_maps_len = bed.spec.gid_maps_len = 1;
	bed.spec.namespaces[NS_NET].path = mem_strdup("/proc/1/ns/net");
	spec_add_mount(&bed.spec, "/sys", "sysfs", "sysfs", "ro");
	make(&bed);
	assert_int_equal(outer_join(&bed, 0), NS_NET);
	assert_true(has_step(&bed, BOOT_OUTER, STEP_OUTER_MOUNT));
	assert_false(has_step(&bed, BOOT_INNER, STEP_JOIN_NAMESPACE));
	assert_true((bed.plan.clone_flags & CLONE_NEWUSER) != 0);

	/* Joined as well: by root it is the last, by a user the first. */
	bed.spec.namespaces[NS_USER].path = mem_strdup("/proc/1/ns/user");
	make(&bed);
	assert_int_equal(outer_join(&bed, 0), NS_NET);
	assert_int_equal(outer_join(&bed, 1), NS_USER);
	assert_false(has_step(&bed, BOOT_OUTER, STEP_OUTER_MOUNT));
	bed.options.is_unprivileged = true;
	make(&bed);
	assert_int_equal(outer_join(&bed, 0), NS_USER);
	assert_true(has_step(&bed, BOOT_INNER, STEP_JOIN_NAMESPACE));
	bed_done(&bed);
}

/* Where a row of the inner process stands; the number of rows: nowhere. */
static size_t place_of(const struct bed *bed, enum boot_step_id step)
{
	size_t i = 0;
	while (i < bed->plan.len[BOOT_INNER] && bed->plan.ops[BOOT_INNER][i].step != step)
		i++;
	return i;
}

static void make_exec(struct bed *bed)
{
	static const struct boot_target target = { .pid = 1, .pidfd = -1 };
	boot_plan_done(&bed->plan);
	if (boot_plan_make_exec(&bed->spec, &bed->options, &target, &bed->plan, &bed->err) < 0)
		fail_msg("%s", bed->err.text);
	assert_lawful(bed);
}

/* From one session of a user's into another only systemd moves a process. */
static void user_enters_a_scope_by_way_of_systemd(void **state)
{
	(void)state;
	struct scope unit = { .is_user = true };
	struct boot_target target = { .pid = 1, .pidfd = -1, .unit = &unit };
	struct bed bed;
	bed_init(&bed);
	for (int is_unprivileged = 0; is_unprivileged < 2; is_unprivileged++) {
		bed.options.is_unprivileged = is_unprivileged;
		boot_plan_done(&bed.plan);
		assert_int_equal(
			boot_plan_make_exec(&bed.spec, &bed.options, &target, &bed.plan, &bed.err),
			0);
		assert_lawful(&bed);
		assert_int_equal(has_step(&bed, BOOT_INNER, STEP_JOIN_SCOPE), is_unprivileged);
	}
	target.unit = NULL;
	boot_plan_done(&bed.plan);
	assert_int_equal(boot_plan_make_exec(&bed.spec, &bed.options, &target, &bed.plan, &bed.err),
			 0);
	assert_false(has_step(&bed, BOOT_INNER, STEP_JOIN_SCOPE));
	bed_done(&bed);
}

/* Who is seen in the container has given up everything by then. */
static void who_enters_has_no_rights_left(void **state)
{
	(void)state;
	static const enum boot_step_id before[] = {
		STEP_JOIN_CGROUP, STEP_ENTER_CONTAINER,  STEP_NEW_KEYRING,
		STEP_SET_STDIO,   STEP_DROP_BOUNDING,    STEP_SET_USER,
		STEP_SET_CAPS,    STEP_CHANGE_DIRECTORY, STEP_FIND_PROGRAM,
	};
	struct bed bed;
	bed_init(&bed);
	bed.spec.process.scheduler.is_set = true;
	make_exec(&bed);
	size_t entry = place_of(&bed, STEP_ENTER_PID_NAMESPACE);
	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		assert_true(place_of(&bed, before[i]) < entry);
	assert_true(entry < place_of(&bed, STEP_OWN_SESSION));
	/* What is not inherited is done to it. */
	assert_false(has_step(&bed, BOOT_INNER, STEP_SET_SCHEDULER));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_SET_ENTERED_SCHEDULER));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PLACEMENT));
	bed_done(&bed);
}

static void assert_filtered(struct bed *bed, enum boot_step_id step)
{
	static const enum boot_step_id all[] = { STEP_LOAD_SECCOMP_PRIVILEGED, STEP_LOAD_SECCOMP,
						 STEP_LOAD_SECCOMP_LISTENING,
						 STEP_LOAD_SECCOMP_LATE };
	make_exec(bed);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(has_step(bed, BOOT_INNER, all[i]), all[i] == step);
	assert_int_equal(has_step(bed, BOOT_INNER, STEP_SET_CAPS_BUT_ONE),
			 step == STEP_LOAD_SECCOMP_LATE);
	assert_int_equal(has_step(bed, BOOT_INNER, STEP_SET_CAPS_LATE),
			 step == STEP_LOAD_SECCOMP_LATE);
}

static void who_enters_filters_as_early_as_may_be(void **state)
{
	(void)state;
	struct sock_filter all[] = { { .code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW } };
	struct sock_filter none[] = { { .code = BPF_RET | BPF_K, .k = SECCOMP_RET_ERRNO | 1 } };
	struct bed bed;
	bed_init(&bed);
	bed.spec.seccomp.filter = all;
	bed.spec.seccomp.len = 1;
	assert_filtered(&bed, STEP_LOAD_SECCOMP_PRIVILEGED);
	assert_true(place_of(&bed, STEP_LOAD_SECCOMP_PRIVILEGED) <
		    place_of(&bed, STEP_ENTER_PID_NAMESPACE));
	bed.spec.seccomp.filter = none;
	assert_filtered(&bed, STEP_LOAD_SECCOMP_LATE);
	bed.spec.process.no_new_privileges = true;
	assert_filtered(&bed, STEP_LOAD_SECCOMP);
	bed.spec.seccomp.flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	assert_filtered(&bed, STEP_LOAD_SECCOMP_LISTENING);
	bed.spec.process.no_new_privileges = false;
	assert_filtered(&bed, STEP_LOAD_SECCOMP_LATE);
	bed.spec.seccomp.filter = NULL;
	bed.spec.seccomp.len = 0;
	bed_done(&bed);
}

static void user_namespace_waits_for_its_maps(void **state)
{
	(void)state;
	struct bed bed;
	struct ns_id_map map = { 0, 100000, 65536 };
	bed_init(&bed);
	bed.spec.namespaces[NS_USER].is_used = true;
	assert_refused(&bed, "needs uid and gid mappings");
	bed.spec.uid_maps = mem_dup(&map, sizeof(map));
	bed.spec.gid_maps = mem_dup(&map, sizeof(map));
	bed.spec.uid_maps_len = bed.spec.gid_maps_len = 1;
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_WRITE_ID_MAPS));
	assert_false(has_step(&bed, BOOT_PARENT, STEP_MOVE_TO_CGROUP));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	assert_true(has_step(&bed, BOOT_INNER, STEP_BECOME_ROOT));
	assert_true(has_step(&bed, BOOT_INNER, STEP_JOIN_CGROUP));
	bed.options.is_cgroup_v2 = true;
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
	assert_false(has_step(&bed, BOOT_INNER, STEP_JOIN_CGROUP));
	bed_done(&bed);
}

static void joined_user_namespace_is_moved_to_its_cgroup(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.namespaces[NS_USER].is_used = true;
	bed.spec.namespaces[NS_USER].path = mem_strdup("/proc/1/ns/user");
	make(&bed);
	assert_true(has_step(&bed, BOOT_PARENT, STEP_MOVE_TO_CGROUP));
	assert_true(has_step(&bed, BOOT_PARENT, STEP_LET_GO));
	assert_true(has_step(&bed, BOOT_INNER, STEP_AWAIT_PARENT));
	assert_false(has_step(&bed, BOOT_INNER, STEP_JOIN_CGROUP));
	bed.spec.has_cgroup = false;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_MOVE_TO_CGROUP));
	bed_done(&bed);
}

static void seccomp_goes_where_its_right_is(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.seccomp.len = 3;
	make(&bed);
	assert_true(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP_PRIVILEGED));
	assert_false(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP));
	bed.spec.process.no_new_privileges = true;
	make(&bed);
	assert_false(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP_PRIVILEGED));
	assert_true(has_step(&bed, BOOT_INNER, STEP_LOAD_SECCOMP));
	bed_done(&bed);
}

static void without_rights_the_parent_touches_no_mount(void **state)
{
	(void)state;
	struct bed bed;
	struct ns_id_map map = { 0, 1000, 1 };
	bed_init(&bed);
	bed.spec.namespaces[NS_USER].is_used = true;
	bed.spec.uid_maps = mem_dup(&map, sizeof(map));
	bed.spec.gid_maps = mem_dup(&map, sizeof(map));
	bed.spec.uid_maps_len = bed.spec.gid_maps_len = 1;
	spec_add_mount(&bed.spec, "/data", "bind", "/srv/data", "rbind");
	bed.options.root = (struct boot_root){ .path = "/rootfs" };
	bed.options.is_unprivileged = true;
	make(&bed);
	assert_false(has_step(&bed, BOOT_PARENT, STEP_OPEN_ROOTFS));
	assert_false(has_step(&bed, BOOT_PARENT, STEP_CLONE_SOURCE));
	assert_true(has_step(&bed, BOOT_INNER, STEP_INNER_OPEN_ROOTFS));
	assert_true(has_step(&bed, BOOT_INNER, STEP_INNER_CLONE_SOURCE));
	boot_plan_done(&bed.plan);
	spec_add_mount(&bed.spec, "/dev/pts", "devpts", "devpts", "mode=620,gid=5");
	assert_refused(&bed, "option gid=5");
	bed_done(&bed);
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	bed.spec.namespaces[NS_MOUNT].is_used = false;
	assert_refused(&bed, "pivot_root needs a mount namespace");
	bed.spec.root_change = SPEC_ROOT_CHROOT;
	assert_refused(&bed, "mount /proc needs a mount namespace");
	bed_done(&bed);

	bed_init(&bed);
	bed.spec.namespaces[NS_UTS].is_used = false;
	assert_refused(&bed, "UTS namespace");
	bed_done(&bed);

	struct ns_id_map map = { 0, 100000, 65536 };
	bed_init(&bed);
	bed.spec.namespaces[NS_USER].is_used = true;
	bed.spec.uid_maps = mem_dup(&map, sizeof(map));
	bed.spec.gid_maps = mem_dup(&map, sizeof(map));
	bed.spec.uid_maps_len = bed.spec.gid_maps_len = 1;
	bed.spec.namespaces[NS_MOUNT].path = mem_strdup("/proc/1/ns/mnt");
	assert_refused(&bed, "mount namespace that is joined");
	bed_done(&bed);

	bed_init(&bed);
	strv_remove(&bed.spec.process.args, 0);
	assert_refused(&bed, "no program");
	bed_done(&bed);

	bed_init(&bed);
	bed.spec.namespaces[NS_TIME].path = mem_strdup("/proc/1/ns/time");
	bed.spec.time_offsets_len = 1;
	assert_refused(&bed, "new time namespace");
	bed_done(&bed);
}

static void bare_chroot_is_a_short_plan(void **state)
{
	(void)state;
	struct bed bed;
	memset(&bed, 0, sizeof(bed));
	spec_init(&bed.spec);
	strv_add(&bed.spec.process.args, "sh");
	bed.spec.process.cwd = mem_strdup("/");
	bed.spec.root_change = SPEC_ROOT_CHROOT;
	bed.options.root.path = "/rootfs";
	make(&bed);
	assert_int_equal(bed.plan.clone_flags, 0);
	assert_true(has_step(&bed, BOOT_INNER, STEP_CHROOT));
	assert_false(has_step(&bed, BOOT_INNER, STEP_ATTACH_ROOT));
	assert_true(bed.plan.len[BOOT_INNER] <= 8);
	bed_done(&bed);
}

static void explanation_needs_no_sources(void **state)
{
	(void)state;
	struct bed bed;
	struct buf text = { 0 };
	bed_init(&bed);
	spec_add_mount(&bed.spec, "/other", NULL, NULL, "bind");
	spec_add_mount(&bed.spec, "/again", NULL, NULL, "remount");
	make(&bed);
	boot_explain_text(&bed.plan, &text);
	assert_non_null(strstr(buf_str(&text), "nothing on /other"));
	buf_done(&text);
	boot_explain_json(&bed.plan, &text);
	buf_done(&text);
	bed_done(&bed);
}

static void explanation_names_every_row(void **state)
{
	(void)state;
	struct bed bed;
	bed_init(&bed);
	make(&bed);
	struct buf text = { 0 };
	boot_explain_text(&bed.plan, &text);
	assert_non_null(strstr(buf_str(&text), "Mount proc on /proc (nosuid)."));
	assert_non_null(strstr(buf_str(&text), "pivot_root . ."));
	assert_null(strstr(buf_str(&text), "%s"));
	buf_done(&text);
	boot_explain_json(&bed.plan, &text);
	size_t rows = 0;
	for (const char *s = buf_str(&text); (s = strstr(s, "\"number\":")) != NULL; s++)
		rows++;
	assert_int_equal(rows, bed.plan.len[BOOT_PARENT] + bed.plan.len[BOOT_INNER]);
	buf_done(&text);
	bed_done(&bed);
}

/* docs/boot.md holds the table between two marks; a changed table must be written down there. */
static void boot_page_shows_the_table(void **state)
{
	(void)state;
	const char *page_path = getenv("ONGGI_BOOT_PAGE");
	FILE *page = page_path != NULL ? fopen(page_path, "re") : NULL;
	if (page == NULL) {
		print_message("ONGGI_BOOT_PAGE names no file: the page is not compared\n");
		skip();
	}
	static char text[65536];
	text[fread(text, 1, sizeof(text) - 1, page)] = '\0';
	fclose(page);
	struct buf table = { 0 };
	boot_table_markdown(&table);
	if (strstr(text, buf_str(&table)) == NULL) {
		print_message("%s", buf_str(&table));
		fail_msg("%s does not hold the step table printed above", page_path);
	}
	buf_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_has_a_row),
		cmocka_unit_test(default_container_needs_no_outer),
		cmocka_unit_test(cgroup_is_made_beside_the_child),
		cmocka_unit_test(scope_is_made_after_the_clone),
		cmocka_unit_test(writable_cgroup_is_given_to_its_user),
		cmocka_unit_test(what_only_the_host_can_give_is_waited_for),
		cmocka_unit_test(a_listening_filter_comes_before_the_start),
		cmocka_unit_test(joined_pid_namespace_needs_outer),
		cmocka_unit_test(joined_beside_a_user_namespace),
		cmocka_unit_test(user_enters_a_scope_by_way_of_systemd),
		cmocka_unit_test(who_enters_has_no_rights_left),
		cmocka_unit_test(who_enters_filters_as_early_as_may_be),
		cmocka_unit_test(user_namespace_waits_for_its_maps),
		cmocka_unit_test(joined_user_namespace_is_moved_to_its_cgroup),
		cmocka_unit_test(seccomp_goes_where_its_right_is),
		cmocka_unit_test(without_rights_the_parent_touches_no_mount),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(bare_chroot_is_a_short_plan),
		cmocka_unit_test(explanation_names_every_row),
		cmocka_unit_test(explanation_needs_no_sources),
		cmocka_unit_test(boot_page_shows_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
