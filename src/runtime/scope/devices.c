/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules for systemd, on v1 alone. What it cannot say ("c *:5", all but some) is left out,
 * never widened: we write the whole of it ourselves, and after a reload less is allowed, not more.
 * Source: systemd.resource-control(5) "DeviceAllow="; bpf_devices_allow_list_device() and
 * _major(): /dev/char/MAJOR:MINOR is parsed and need not exist, "char-MAJOR" is a number since v245
 */
#include "base/mem.h"
#include "base/warn.h"
#include "kernel/cgroup/control/device_rules.h"
#include "runtime/scope/property.h"

#include <inttypes.h>

/* @return the node as systemd writes it, or NULL */
static char *node_of(const struct cgroup_device_rule *rule)
{
	const char *kind = rule->type == 'b' ? "block" : "char";
	if (rule->major < 0)
		return rule->minor < 0 ? mem_printf("%s-*", kind) : NULL;
	if (rule->minor < 0)
		return mem_printf("%s-%" PRId64, kind, rule->major);
	return mem_printf("/dev/%s/%" PRId64 ":%" PRId64, kind, rule->major, rule->minor);
}

static void add_item(struct strv *items, const struct cgroup_device_rule *rule)
{
	char *node = node_of(rule);
	if (node == NULL) {
		char text[CGROUP_DEVICE_TEXT_SIZE];
		cgroup_device_rule_format(rule, text);
		warn_say("systemd has no word for the device rule \"%s\": it is lost when systemd "
			 "is reloaded",
			 text);
		return;
	}
	strv_add_take(items, node);
	strv_add_take(items, mem_printf("%s%s%s", rule->read ? "r" : "", rule->write ? "w" : "",
					rule->mknod ? "m" : ""));
}

int property_add_devices(struct strv *list, const struct cgroup_limits *limits, struct err *err)
{
	AUTO(struct cgroup_device_set, cgroup_device_set_done) set = { 0 };
	AUTO(struct strv, strv_done) items = { 0 };
	if (limits->devices_len == 0)
		return 0;
	if (cgroup_device_set_make(limits->devices, limits->devices_len, &set, err) < 0)
		return -1;
	if (set.default_allow && set.len > 0)
		warn_say("systemd has no word for device rules that forbid some and allow the "
			 "rest: when it is reloaded, all devices are forbidden");
	for (size_t i = 0; !set.default_allow && i < set.len; i++)
		add_item(&items, &set.items[i]);
	bool is_all = set.default_allow && set.len == 0;
	property_add(list, "DevicePolicy", "s", is_all ? "auto" : "strict");
	/* An empty list takes the old ones away. */
	property_add_list(list, "DeviceAllow", "a(ss)", &(struct strv){ 0 });
	if (items.len > 0)
		property_add_list(list, "DeviceAllow", "a(ss)", &items);
	return 0;
}
