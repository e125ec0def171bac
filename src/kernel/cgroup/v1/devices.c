/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device access on v1: a default (everything or nothing) and exceptions, changed by writing one
 * rule at a time to devices.allow and devices.deny. "a" resets all; in a cgroup with children
 * the kernel refuses that. Source: Documentation/admin-guide/cgroup-v1/devices.rst
 */
#include "base/mem.h"
#include "kernel/cgroup/control/device_rules.h"
#include "kernel/cgroup/control/userns.h"
#include "kernel/cgroup/v1/v1.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES_LIST_MAX 65536

/* Each rule is one write(2) on a descriptor that stays open. */
static int write_rules(const struct cgroup_control *control, const char *file,
		       const struct cgroup_device_set *set, struct err *err)
{
	char text[CGROUP_DEVICE_TEXT_SIZE];
	if (set->len == 0)
		return 0;
	AUTO_FD fd = openat(control->dir_fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return cgroup_control_fail(control, file, "", err);
	for (size_t i = 0; i < set->len; i++) {
		cgroup_device_rule_format(&set->items[i], text);
		if (write(fd, text, strlen(text)) >= 0)
			continue;
		cgroup_control_fail(control, file, text, err);
		return err_hint(err, "a cgroup can allow only what the cgroup above it allows");
	}
	return 0;
}

static int reset(const struct cgroup_control *control, const struct cgroup_device_set *set,
		 struct err *err)
{
	const char *file = set->default_allow ? "devices.allow" : "devices.deny";
	/* A new cgroup has what its parent has. Where that is everything, "a" changes nothing;
	 * where it is less, the kernel refuses to widen it. */
	if ((!set->default_allow || !control->is_fresh) &&
	    cgroup_control_write(control, file, "a", err) < 0)
		return err_hint(err, "the default cannot change while there are cgroups below");
	return write_rules(control, set->default_allow ? "devices.deny" : "devices.allow", set,
			   err);
}

/* A line of devices.list: "c 1:3 rwm", "b *:* m". */
static int parse_rule(const char *line, struct cgroup_device_rule *out)
{
	char major[16], minor[16], access[8];
	struct cgroup_device_rule rule = { .allow = true };
	if (sscanf(line, "%c %15[^:]:%15s %7s", &rule.type, major, minor, access) != 4)
		return -1;
	rule.major = major[0] == '*' ? -1 : strtoll(major, NULL, 10);
	rule.minor = minor[0] == '*' ? -1 : strtoll(minor, NULL, 10);
	rule.read = strchr(access, 'r') != NULL;
	rule.write = strchr(access, 'w') != NULL;
	rule.mknod = strchr(access, 'm') != NULL;
	*out = rule;
	return 0;
}

/* What is in force now: "a *:* rwm" stands for default-allow, whose exceptions are not shown. */
static int read_set(const struct cgroup_control *control, struct cgroup_device_set *out,
		    struct err *err)
{
	AUTO_FREE char *text = mem_alloc(DEVICES_LIST_MAX, 1);
	AUTO(struct cgroup_device_set, cgroup_device_set_done) set = { 0 };
	if (cgroup_control_read(control->dir_fd, "devices.list", text, DEVICES_LIST_MAX) < 0)
		return cgroup_control_fail(control, "devices.list", "", err);
	set.items = mem_alloc(strlen(text) / 8 + 1, sizeof(*set.items));
	char *next = text;
	for (char *line; (line = strsep(&next, "\n")) != NULL && *line != '\0';) {
		if (*line == 'a')
			set.default_allow = true;
		else if (parse_rule(line, &set.items[set.len++]) < 0)
			return err_set(err, ERR_SYSTEM, "%s%s/devices.list: cannot read \"%s\"",
				       control->mount_path, control->path, line);
	}
	*out = set;
	set.items = NULL;
	return 0;
}

/* Leave in `old` what the new set no longer has. */
static void subtract(struct cgroup_device_set *old, const struct cgroup_device_set *set)
{
	size_t kept = 0;
	for (size_t i = 0; i < old->len; i++) {
		struct cgroup_device_rule left = old->items[i];
		for (size_t k = 0; k < set->len; k++) {
			const struct cgroup_device_rule *now = &set->items[k];
			if (now->type != left.type || now->major != left.major ||
			    now->minor != left.minor)
				continue;
			left.read &= !now->read;
			left.write &= !now->write;
			left.mknod &= !now->mknod;
		}
		if (cgroup_device_rule_access(&left) != 0)
			old->items[kept++] = left;
	}
	old->len = kept;
}

static int apply_set(const struct cgroup_control *control, const struct cgroup_device_set *set,
		     struct err *err)
{
	AUTO(struct cgroup_device_set, cgroup_device_set_done) old = { 0 };
	if (control->is_fresh)
		return reset(control, set, err);
	if (read_set(control, &old, err) < 0)
		return -1;
	if (old.default_allow || set->default_allow)
		return reset(control, set, err);
	/* First what is added, then what is gone: no device is missing in between. */
	if (write_rules(control, "devices.allow", set, err) < 0)
		return -1;
	subtract(&old, set);
	return write_rules(control, "devices.deny", &old, err);
}

int cgroup_v1_devices(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	AUTO(struct cgroup_device_set, cgroup_device_set_done) set = { 0 };
	struct err cause = { 0 };
	if (cgroup_device_set_make(limits->devices, limits->devices_len, &set, err) < 0)
		return -1;
	if (apply_set(control, &set, &cause) == 0)
		return 0;
	return cgroup_device_failure(&cause, err);
}
