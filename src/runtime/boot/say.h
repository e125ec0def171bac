/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a row is about, in words: the argument as errors and traces show it, and the shell commands
 * that would do the same for people who want to try it by hand. Pure functions of the plan; each
 * appends to `out`. Contract of all: struct boot_step in steps.h.
 */
#include "runtime/boot/plan.h"

#define BOOT_SAY_FUNCTION(name)                                                                    \
	void name(const struct boot_plan *plan, const struct boot_op *op, struct buf *out)

BOOT_SAY_FUNCTION(say_cgroup);
BOOT_SAY_FUNCTION(say_scope);
BOOT_SAY_FUNCTION(say_overlay);
BOOT_SAY_FUNCTION(say_rootfs);
BOOT_SAY_FUNCTION(say_user_text);
BOOT_SAY_FUNCTION(say_mount);
BOOT_SAY_FUNCTION(say_sealed);
BOOT_SAY_FUNCTION(say_source);
BOOT_SAY_FUNCTION(say_namespace);
BOOT_SAY_FUNCTION(say_clone_flags);
BOOT_SAY_FUNCTION(say_id_maps);
BOOT_SAY_FUNCTION(say_net_devices);
BOOT_SAY_FUNCTION(say_class);
BOOT_SAY_FUNCTION(say_listener);
BOOT_SAY_FUNCTION(say_time_offsets);
BOOT_SAY_FUNCTION(say_hostname);
BOOT_SAY_FUNCTION(say_domainname);
BOOT_SAY_FUNCTION(say_sysctl);
BOOT_SAY_FUNCTION(say_path);
BOOT_SAY_FUNCTION(say_devices);
BOOT_SAY_FUNCTION(say_cwd);
BOOT_SAY_FUNCTION(say_rlimits);
BOOT_SAY_FUNCTION(say_oom_score);
BOOT_SAY_FUNCTION(say_label);
BOOT_SAY_FUNCTION(say_caps);
BOOT_SAY_FUNCTION(say_seccomp);
BOOT_SAY_FUNCTION(say_user);
BOOT_SAY_FUNCTION(say_program);

BOOT_SAY_FUNCTION(shell_make_cgroup);
BOOT_SAY_FUNCTION(shell_set_limits);
BOOT_SAY_FUNCTION(shell_scope);
BOOT_SAY_FUNCTION(shell_overlay);
BOOT_SAY_FUNCTION(shell_rootfs);
BOOT_SAY_FUNCTION(shell_clone);
BOOT_SAY_FUNCTION(shell_join);
BOOT_SAY_FUNCTION(shell_join_cgroup);
BOOT_SAY_FUNCTION(shell_cgroup_namespace);
BOOT_SAY_FUNCTION(shell_hostname);
BOOT_SAY_FUNCTION(shell_domainname);
BOOT_SAY_FUNCTION(shell_loopback);
BOOT_SAY_FUNCTION(shell_sysctl);
BOOT_SAY_FUNCTION(shell_propagation);
BOOT_SAY_FUNCTION(shell_attach_root);
BOOT_SAY_FUNCTION(shell_mount);
BOOT_SAY_FUNCTION(shell_devices);
BOOT_SAY_FUNCTION(shell_mask);
BOOT_SAY_FUNCTION(shell_readonly);
BOOT_SAY_FUNCTION(shell_workdir);
BOOT_SAY_FUNCTION(shell_seal_mount);
BOOT_SAY_FUNCTION(shell_readonly_root);
BOOT_SAY_FUNCTION(shell_pivot);
BOOT_SAY_FUNCTION(shell_chroot);
BOOT_SAY_FUNCTION(shell_rlimits);
BOOT_SAY_FUNCTION(shell_oom_score);
BOOT_SAY_FUNCTION(shell_net_devices);
BOOT_SAY_FUNCTION(shell_personality);
BOOT_SAY_FUNCTION(shell_user);
BOOT_SAY_FUNCTION(shell_caps);
BOOT_SAY_FUNCTION(shell_cwd);
BOOT_SAY_FUNCTION(shell_exec);
