/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whose rights the caller has: the machine's root, root of a user namespace, or an ordinary user.
 */
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct ns_privilege {
	bool is_initial;    /* in the user namespace the machine booted with */
	bool has_sys_admin; /* CAP_SYS_ADMIN in our own user namespace */
	bool owns_mounts;   /* ... which covers our mount namespace: we may copy and make mounts */
};

/**
 * The number that our effective user id has in the user namespace above ours: that of the user who
 * made a rootless engine's namespace. The same id where it is not mapped, or there is none above.
 * Source: user_namespaces(7), /proc/PID/uid_map
 */
uid_t ns_outside_uid(void);

/** Two system calls for the machine's root; for others what it takes. */
int ns_privilege_read(struct ns_privilege *out, struct err *err);

/**
 * Was setgroups(2) refused with `errnum` because groups are fixed here? In a user namespace whose
 * group map was written without rights nobody may change them, root of it neither.
 * Source: user_namespaces(7), /proc/PID/setgroups
 */
bool ns_groups_are_fixed(int errnum);

/**
 * A new user namespace, or what needs one, was refused: add a hint that names the switch by which
 * this system forbids it. Without one that is set, `err` stays as it is.
 * Source: user_namespaces(7); the switch of Debian's kernels, and AppArmor's, in
 * /proc/sys/kernel
 */
void ns_explain_refusal(struct err *err);
