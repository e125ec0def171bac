/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the payload runs and what it has of the machine beside its namespaces: network devices and
 * cache classes, which only the host's side can give; processors and memory, which it asks for.
 */
#include "runtime/boot/step_functions.h"

#include "kernel/net/device.h"
#include "kernel/proc/affinity.h"
#include "kernel/proc/mempolicy.h"
#include "kernel/proc/persona.h"
#include "kernel/rdt/rdt.h"
#include "sys/fd.h"

int parent_move_net_devices(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	AUTO_FD made_fd = -1;
	int netns_fd = boot->ns_fds[NS_NET];
	if (netns_fd < 0) {
		made_fd = ns_open_pid(NS_NET, boot->pid, err);
		if (made_fd < 0)
			return -1;
		netns_fd = made_fd;
	}
	for (size_t i = 0; i < spec->net_devices_len; i++)
		if (net_device_move(spec->net_devices[i].host_name, netns_fd,
				    spec->net_devices[i].name, err) < 0)
			return -1;
	return 0;
}

int parent_place_in_class(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct rdt *rdt = &boot->spec->rdt;
	bool is_first = boot->plan->target == NULL;
	AUTO_FD root_fd = rdt_open(err);
	if (root_fd < 0 || (is_first ? rdt_place : rdt_join)(root_fd, rdt, boot->pid, err) < 0)
		return err_context(err, "linux.intelRdt");
	boot->has_class = is_first;
	return 0;
}

void boot_leave_class(struct boot *boot)
{
	if (!boot->has_class)
		return;
	AUTO_FD root_fd = rdt_open(NULL);
	if (root_fd >= 0)
		rdt_remove(root_fd, &boot->spec->rdt, NULL);
	boot->has_class = false;
}

/* Inherited by what we clone: we only attend to it from now on, on the same processors. */
int parent_initial_affinity(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (affinity_apply(boot->spec->process.exec_affinity.initial, err) < 0)
		return err_context(err, "process.execCPUAffinity.initial");
	return 0;
}

int inner_final_affinity(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (affinity_apply(boot->spec->process.exec_affinity.final, err) < 0)
		return err_context(err, "process.execCPUAffinity.final");
	return 0;
}

int inner_set_memory_policy(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	if (mempolicy_apply(&boot->spec->mempolicy, err) < 0)
		return err_context(err, "linux.memoryPolicy");
	return 0;
}

int inner_set_personality(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return persona_apply(&boot->spec->persona, err);
}
