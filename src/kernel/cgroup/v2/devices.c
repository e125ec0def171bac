/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device access on v2: the rules become one program. Reading the rules back is not possible; an
 * update always brings the whole list.
 */
#include "base/warn.h"
#include "kernel/cgroup/control/userns.h"
#include "kernel/cgroup/v2/device_bpf.h"
#include "kernel/cgroup/v2/v2.h"

#include <errno.h>

int cgroup_v2_devices(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	AUTO(struct cgroup_bpf_program, cgroup_bpf_program_done) program = { 0 };
	struct err cause = { 0 };
	if (cgroup_bpf_program_make(limits->devices, limits->devices_len, &program, err) < 0)
		return -1;
	if (cgroup_bpf_attach(control->dir_fd, &program, control->is_fresh, &cause) == 0)
		return 0;
	if (cause.errnum == EPERM && cgroup_is_unprivileged()) {
		warn_say("device rules are not set: the kernel takes device programs only from "
			 "root of the initial user namespace");
		return 0;
	}
	if (err != NULL)
		*err = cause;
	return err_context(err, "%s%s", control->mount_path, control->path);
}
