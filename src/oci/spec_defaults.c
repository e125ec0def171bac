/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that the engine and the runtime's default configuration share; no policy of their own. */
#include "oci/spec_defaults.h"

#include <stdio.h>
#include <sys/stat.h>

#define CPUS_MAX 4096

static const char *const masked_paths[] = {
	"/proc/acpi",        "/proc/asound",        "/proc/interrupts",
	"/proc/kcore",       "/proc/keys",          "/proc/latency_stats",
	"/proc/sched_debug", "/proc/scsi",          "/proc/timer_list",
	"/proc/timer_stats", "/sys/firmware",       "/sys/devices/virtual/powercap",
	"/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security",
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

/* Heat and throttling tell what the neighbours do; one directory per processor. */
static void mask_thermal(struct spec *spec)
{
	struct stat st;
	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
		char path[80];
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/thermal_throttle", cpu);
		if (stat(path, &st) < 0)
			return;
		strv_add(&spec->masked_paths, path);
	}
}

void spec_add_default_masks(struct spec *spec)
{
	for (size_t i = 0; i < ARRAY_LEN(masked_paths); i++)
		strv_add(&spec->masked_paths, masked_paths[i]);
	mask_thermal(spec);
	for (size_t i = 0; i < ARRAY_LEN(readonly_paths); i++)
		strv_add(&spec->readonly_paths, readonly_paths[i]);
}

void spec_add_default_device_rules(struct spec *spec)
{
	/* mknod of any node is harmless, opening it is what counts. */
	static const struct {
		char type;
		int major, minor;
		const char *access;
	} rules[] = {
		{ 'c', -1, -1, "m" }, { 'b', -1, -1, "m" },    { 'c', 1, 3, "rwm" },
		{ 'c', 1, 5, "rwm" }, { 'c', 1, 7, "rwm" },    { 'c', 1, 8, "rwm" },
		{ 'c', 1, 9, "rwm" }, { 'c', 5, 0, "rwm" },    { 'c', 5, 1, "rwm" },
		{ 'c', 5, 2, "rwm" }, { 'c', 136, -1, "rwm" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		cgroup_limits_add_device(&spec->limits, true, rules[i].type, rules[i].major,
					 rules[i].minor, rules[i].access);
}
