/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device access on v2: the rules become one program. Reading the rules back is not possible; an
 * update always brings the whole list.
 */
#include "kernel/cgroup/control/userns.h"
#include "kernel/cgroup/v2/device_bpf.h"
#include "kernel/cgroup/v2/v2.h"

int cgroup_v2_devices(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	AUTO(struct cgroup_bpf_program, cgroup_bpf_program_done) program = { 0 };
	struct err cause = { 0 };
	if (cgroup_bpf_program_make(limits->devices, limits->devices_len, &program, err) < 0)
		return -1;
	if (cgroup_bpf_attach(control->dir_fd, &program, control->is_fresh, &cause) == 0)
		return 0;
	err_context(&cause, "%s%s", control->mount_path, control->path);
	return cgroup_device_failure(&cause, err);
}
