/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The functions behind the step table, one per row, grouped by the file they live in. Each does
 * its one thing and returns 0, or -1 with an error that names the object; the loop that calls it
 * adds the process and the step. Contract of all: struct boot_step.run in steps.h.
 */
#include "runtime/boot/boot.h"

#define BOOT_STEP_FUNCTION(name)                                                                   \
	int name(struct boot *boot, const struct boot_op *op, struct err *err)

/* parent.c: on the host */
BOOT_STEP_FUNCTION(parent_begin_cgroup);
BOOT_STEP_FUNCTION(parent_make_cgroup);
BOOT_STEP_FUNCTION(parent_complete_cgroup);
BOOT_STEP_FUNCTION(parent_set_limits);
BOOT_STEP_FUNCTION(parent_mount_overlay);
BOOT_STEP_FUNCTION(parent_open_rootfs);
BOOT_STEP_FUNCTION(parent_clone_source);
BOOT_STEP_FUNCTION(parent_open_namespace);
BOOT_STEP_FUNCTION(parent_start_outer);
BOOT_STEP_FUNCTION(parent_open_cgroup);
BOOT_STEP_FUNCTION(parent_give_cgroup);
BOOT_STEP_FUNCTION(parent_start_inner);
BOOT_STEP_FUNCTION(parent_start_entering);
BOOT_STEP_FUNCTION(parent_make_scope);
BOOT_STEP_FUNCTION(parent_write_id_maps);
BOOT_STEP_FUNCTION(parent_move_to_cgroup);
BOOT_STEP_FUNCTION(parent_let_go);
BOOT_STEP_FUNCTION(parent_take_console);
BOOT_STEP_FUNCTION(parent_record_process);
BOOT_STEP_FUNCTION(parent_await_exec);

/* hooks.c: other people's programs, on either side */
BOOT_STEP_FUNCTION(parent_runtime_hooks);
BOOT_STEP_FUNCTION(inner_await_hooks);
BOOT_STEP_FUNCTION(inner_create_hooks);
BOOT_STEP_FUNCTION(inner_start_hooks);

/* placement.c: what it has of the machine */
BOOT_STEP_FUNCTION(parent_move_net_devices);
BOOT_STEP_FUNCTION(parent_place_in_class);
BOOT_STEP_FUNCTION(parent_initial_affinity);
BOOT_STEP_FUNCTION(inner_final_affinity);
BOOT_STEP_FUNCTION(inner_set_memory_policy);
BOOT_STEP_FUNCTION(inner_set_personality);

/* listener.c: filters that ask somebody */
struct seccomp_program;
BOOT_STEP_FUNCTION(parent_pass_listener);
int inner_load_listening_seccomp(struct boot *boot, const struct seccomp_program *program,
				 struct err *err);

/* user.c: names become numbers */
BOOT_STEP_FUNCTION(parent_find_user);

/* outer.c: namespaces that a clone alone cannot make */
BOOT_STEP_FUNCTION(outer_join_namespace);
BOOT_STEP_FUNCTION(outer_mount);
BOOT_STEP_FUNCTION(outer_time_offsets);
BOOT_STEP_FUNCTION(outer_start_inner);

/* enter.c: a further process of a container */
BOOT_STEP_FUNCTION(parent_set_scheduler);
BOOT_STEP_FUNCTION(inner_enter_container);
BOOT_STEP_FUNCTION(inner_enter_pid_namespace);
BOOT_STEP_FUNCTION(inner_own_session);

/* inner_world.c: what the process is a part of */
BOOT_STEP_FUNCTION(inner_await_parent);
BOOT_STEP_FUNCTION(inner_leave_program);
BOOT_STEP_FUNCTION(inner_open_scope);
BOOT_STEP_FUNCTION(inner_open_cgroup);
BOOT_STEP_FUNCTION(inner_join_scope);
BOOT_STEP_FUNCTION(inner_join_cgroup);
BOOT_STEP_FUNCTION(inner_new_cgroup_namespace);
BOOT_STEP_FUNCTION(inner_join_namespace);
BOOT_STEP_FUNCTION(inner_become_root);
BOOT_STEP_FUNCTION(inner_new_session);
BOOT_STEP_FUNCTION(inner_new_keyring);
BOOT_STEP_FUNCTION(inner_set_hostname);
BOOT_STEP_FUNCTION(inner_set_domainname);
BOOT_STEP_FUNCTION(inner_raise_loopback);
BOOT_STEP_FUNCTION(inner_open_procfs);
BOOT_STEP_FUNCTION(inner_set_sysctl);

/* inner_mount.c: what is mounted where */
BOOT_STEP_FUNCTION(inner_mount);
BOOT_STEP_FUNCTION(inner_seal_mount);

/* inner_root.c: what the process sees */
BOOT_STEP_FUNCTION(inner_set_propagation);
BOOT_STEP_FUNCTION(inner_attach_root);
BOOT_STEP_FUNCTION(inner_make_devices);
BOOT_STEP_FUNCTION(inner_open_console);
BOOT_STEP_FUNCTION(inner_open_masks);
BOOT_STEP_FUNCTION(inner_mask_path);
BOOT_STEP_FUNCTION(inner_readonly_path);
BOOT_STEP_FUNCTION(inner_make_workdir);
BOOT_STEP_FUNCTION(inner_readonly_root);
BOOT_STEP_FUNCTION(inner_pivot_root);
BOOT_STEP_FUNCTION(inner_chroot);

/* inner_identity.c: what the process is allowed, and its end: the exec */
BOOT_STEP_FUNCTION(inner_set_rlimits);
BOOT_STEP_FUNCTION(inner_set_oom_score);
BOOT_STEP_FUNCTION(inner_set_ioprio);
BOOT_STEP_FUNCTION(inner_set_scheduler);
BOOT_STEP_FUNCTION(inner_set_label);
BOOT_STEP_FUNCTION(inner_set_stdio);
BOOT_STEP_FUNCTION(inner_drop_bounding);
BOOT_STEP_FUNCTION(inner_load_seccomp);
BOOT_STEP_FUNCTION(inner_set_user);
BOOT_STEP_FUNCTION(inner_set_caps);
BOOT_STEP_FUNCTION(inner_set_caps_but_one);
BOOT_STEP_FUNCTION(inner_change_directory);
BOOT_STEP_FUNCTION(inner_find_program);
BOOT_STEP_FUNCTION(inner_die_with_parent);
BOOT_STEP_FUNCTION(inner_report_created);
BOOT_STEP_FUNCTION(inner_await_start);
BOOT_STEP_FUNCTION(inner_no_new_privs);
BOOT_STEP_FUNCTION(inner_exec);
