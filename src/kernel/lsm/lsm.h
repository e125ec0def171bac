/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labels of the Linux security modules, set for the next exec and read back.
 * Source: Documentation/security/lsm.rst, proc(5) /proc/PID/attr; AppArmor "exec PROFILE"
 */
#include "base/err.h"

#include <stdbool.h>

bool lsm_has_apparmor(void);
bool lsm_has_selinux(void);

/**
 * Label of the process after its next exec, written through `proc_self_fd` (the verified
 * /proc/self of our own procfs) and read back: a label that did not take is an error.
 * ERR_UNSUPPORTED when the module is not active; ERR_NOT_FOUND when the profile is not loaded.
 */
int lsm_set_apparmor_exec(int proc_self_fd, const char *profile, struct err *err);
int lsm_set_selinux_exec(int proc_self_fd, const char *label, struct err *err);

/** Load the default AppArmor profile (docs/security.md) into the kernel if it is not there.
 *  @return 0 also where AppArmor is absent */
int lsm_load_default_apparmor(struct err *err);
#define LSM_DEFAULT_APPARMOR "onggi-default"
