/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a runtime that is not the machine's root may have: an ordinary user, or root of a user
 * namespace that a rootless engine made. What the kernel refuses it is done without where the
 * configuration does not ask for it, and an error where it does.
 * Source: OCI runtime-spec config-linux.md; runc's --rootless
 */
#include "kernel/cgroup/cgroup.h"
#include "kernel/ns/privilege.h"
#include "oci/spec.h"

struct rights {
	struct ns_privilege privilege;
	bool may_lack_cgroup; /* do without a control group that we may not make */
};

/**
 * Whose rights we have.
 * @rootless  "true" or "false": what to do about control groups we may not make; NULL or "auto": as
 *            we are root of the machine or not
 * @return 0; -1 ERR_INVALID for another word
 */
int rights_read(const char *rootless, struct rights *out, struct err *err);

/** Is a user namespace missing without which these rights do not suffice? @return 0, -1 */
int rights_check(const struct rights *rights, const struct spec *spec, struct err *err);

/**
 * Decide which control group a container has whose configuration names none: the machine's root
 * has the one that `spec` says already, others a delegated place, or none if nothing is limited.
 * @spec  cgroups_path and has_cgroup are written
 * @return 0; -1 ERR_UNSUPPORTED when limits are asked for that cannot be had
 */
int rights_place_cgroup(const struct rights *rights, const struct cgroup_layout *layout,
			const char *id, struct spec *spec, struct err *err);
