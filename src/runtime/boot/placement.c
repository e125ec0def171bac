/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the payload runs and what it has of the machine beside its namespaces: network devices,
 * cache classes and its control group, which only the host's side can give; processors and memory,
 * which it asks for.
 */
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/net/device.h"
#include "kernel/proc/affinity.h"
#include "kernel/proc/mempolicy.h"
#include "kernel/proc/persona.h"
#include "kernel/rdt/rdt.h"
#include "sys/fd.h"

int parent_move_net_devices(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	/* Kept: what we have moved may have to come back when the process is gone. */
	if (boot->ns_fds[NS_NET] < 0)
		boot->ns_fds[NS_NET] = ns_open_pid(NS_NET, boot->pid, err);
	if (boot->ns_fds[NS_NET] < 0)
		return -1;
	boot->lent_devices = mem_alloc(spec->net_devices_len, sizeof(boot->lent_devices[0]));
	for (size_t i = 0; i < spec->net_devices_len; i++) {
		const struct spec_net_device *device = &spec->net_devices[i];
		bool is_up = net_device_is_up(device->host_name);
		if (net_device_move(device->host_name, boot->ns_fds[NS_NET], device->name, err) < 0)
			return -1;
		boot->lent_devices[i] = is_up ? BOOT_LENT_UP : BOOT_LENT_DOWN;
	}
	return 0;
}

void boot_return_devices(struct boot *boot)
{
	const struct spec *spec = boot->spec;
	for (size_t i = 0; boot->lent_devices != NULL && i < spec->net_devices_len; i++) {
		const struct spec_net_device *device = &spec->net_devices[i];
		const char *name = device->name != NULL ? device->name : device->host_name;
		struct err err = { 0 };
		if (boot->lent_devices[i] == BOOT_NOT_LENT)
			continue;
		if (net_device_return(name, boot->ns_fds[NS_NET], device->host_name,
				      boot->lent_devices[i] == BOOT_LENT_UP, &err) < 0)
			warn_say("%s", err.text);
		boot->lent_devices[i] = BOOT_NOT_LENT;
	}
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
	AUTO_FREE char *group = rdt_own_group(&boot->spec->rdt);
	AUTO_FD root_fd = group != NULL ? rdt_open(NULL) : -1;
	if (root_fd >= 0)
		rdt_remove(root_fd, group, NULL);
	boot->has_class = false;
}

/* A user that the namespace does not have is refused later, by who becomes it. */
int parent_give_cgroup(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	uint32_t owner = boot->uid;
	if (boot->plan->has_user_ns &&
	    !ns_map_id(spec->uid_maps, spec->uid_maps_len, boot->uid, &owner))
		return 0;
	return cgroup_give(&boot->cgroup, owner, err);
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
