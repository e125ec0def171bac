/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labels of the Linux security modules, set for the next exec and read back.
 * Source: Documentation/security/lsm.rst, proc(5) /proc/PID/attr; AppArmor "exec PROFILE"
 */
#include "base/err.h"

#include <stdbool.h>

/** Is AppArmor active in this kernel? Source: /sys/module/apparmor/parameters/enabled */
bool lsm_has_apparmor(void);

/** Is SELinux active, and its file system mounted? Source: selinux(8), /sys/fs/selinux */
bool lsm_has_selinux(void);

/**
 * Label of the process after its next exec, written through `proc_self_fd` (the verified
 * /proc/self of our own procfs) and read back: a label that did not take is an error.
 * ERR_UNSUPPORTED when the module is not active; ERR_NOT_FOUND when the profile is not loaded;
 * ERR_INVALID for a name that is not one line of printable ASCII.
 */
int lsm_set_apparmor_exec(int proc_self_fd, const char *profile, struct err *err);
int lsm_set_selinux_exec(int proc_self_fd, const char *label, struct err *err);

/** Load the default AppArmor profile into the kernel if it is not there; runs apparmor_parser, so
 *  not for the path that starts a container. @return 0 also where AppArmor is absent; -1
 *  ERR_UNSUPPORTED with a hint without apparmor_parser, ERR_REMOTE with its message */
int lsm_load_default_apparmor(struct err *err);
#define LSM_DEFAULT_APPARMOR "onggi-default"
