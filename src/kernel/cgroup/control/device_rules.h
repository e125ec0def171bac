/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Device rules as values: access bits, and what a list of rules comes to. */
#include "base/err.h"
#include "kernel/cgroup/control/limits.h"

/* The bits of BPF_DEVCG_ACC_* */
#define CGROUP_DEVICE_MKNOD 1u
#define CGROUP_DEVICE_READ  2u
#define CGROUP_DEVICE_WRITE 4u
#define CGROUP_DEVICE_ALL   7u

#define CGROUP_DEVICE_RULES_MAX 1024 /* what the BPF verifier takes without thinking long */

/** @return the access bits of a rule */
unsigned cgroup_device_rule_access(const struct cgroup_device_rule *rule);

/** @return whether the rule means every device and every access */
bool cgroup_device_rule_is_all(const struct cgroup_device_rule *rule);

/** Check numbers, types and count. ERR_INVALID names the rule. */
int cgroup_device_rules_check(const struct cgroup_device_rule *rules, size_t len, struct err *err);

/** "c 1:3 rwm", "b *:* m": v1's form, also for messages. */
#define CGROUP_DEVICE_TEXT_SIZE 64
void cgroup_device_rule_format(const struct cgroup_device_rule *rule,
			       char out[CGROUP_DEVICE_TEXT_SIZE]);

/**
 * A rule list as v1 keeps it: a default, and exceptions from it, none of type 'a', each
 * (type, major, minor) once.
 */
struct cgroup_device_set {
	bool default_allow;
	struct cgroup_device_rule *items; /* owned; `allow` is the opposite of default_allow */
	size_t len;
};

void cgroup_device_set_done(struct cgroup_device_set *set);

/**
 * Reduce a rule list. ERR_UNSUPPORTED when exceptions of exceptions remain ("all of c 1:* but
 * not c 1:3"): v1 cannot say that, and dropping the second rule would open the device.
 */
int cgroup_device_set_make(const struct cgroup_device_rule *rules, size_t len,
			   struct cgroup_device_set *out, struct err *err);
