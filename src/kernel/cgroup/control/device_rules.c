/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list of device rules means, without any kernel interface. Each of read, write and mknod
 * is decided by the last rule that matches the device and has that access; no match is a denial.
 */
#include "kernel/cgroup/control/device_rules.h"

#include "base/mem.h"

#include <stdio.h>

unsigned cgroup_device_rule_access(const struct cgroup_device_rule *rule)
{
	return (rule->mknod ? CGROUP_DEVICE_MKNOD : 0) | (rule->read ? CGROUP_DEVICE_READ : 0) |
	       (rule->write ? CGROUP_DEVICE_WRITE : 0);
}

static void set_access(struct cgroup_device_rule *rule, unsigned access)
{
	rule->mknod = (access & CGROUP_DEVICE_MKNOD) != 0;
	rule->read = (access & CGROUP_DEVICE_READ) != 0;
	rule->write = (access & CGROUP_DEVICE_WRITE) != 0;
}

bool cgroup_device_rule_is_all(const struct cgroup_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       cgroup_device_rule_access(rule) == CGROUP_DEVICE_ALL;
}

static void format_number(int64_t number, char out[24])
{
	if (number < 0)
		snprintf(out, 24, "*");
	else
		snprintf(out, 24, "%lld", (long long)number);
}

void cgroup_device_rule_format(const struct cgroup_device_rule *rule,
			       char out[CGROUP_DEVICE_TEXT_SIZE])
{
	char major[24], minor[24];
	format_number(rule->major, major);
	format_number(rule->minor, minor);
	snprintf(out, CGROUP_DEVICE_TEXT_SIZE, "%c %s:%s %s%s%s", rule->type, major, minor,
		 rule->read ? "r" : "", rule->write ? "w" : "", rule->mknod ? "m" : "");
}

int cgroup_device_rules_check(const struct cgroup_device_rule *rules, size_t len, struct err *err)
{
	if (len > CGROUP_DEVICE_RULES_MAX)
		return err_set(err, ERR_INVALID, "%zu device rules: at most %d are possible", len,
			       CGROUP_DEVICE_RULES_MAX);
	for (size_t i = 0; i < len; i++) {
		const struct cgroup_device_rule *r = &rules[i];
		char text[CGROUP_DEVICE_TEXT_SIZE];
		if ((r->type == 'a' || r->type == 'b' || r->type == 'c') && r->major >= -1 &&
		    r->major <= INT32_MAX && r->minor >= -1 && r->minor <= INT32_MAX &&
		    cgroup_device_rule_access(r) != 0)
			continue;
		cgroup_device_rule_format(r, text);
		return err_set(err, ERR_INVALID, "device rule %zu is not valid: %s", i, text);
	}
	return 0;
}

void cgroup_device_set_done(struct cgroup_device_set *set)
{
	free(set->items);
	*set = (struct cgroup_device_set){ 0 };
}

static bool covers(int64_t wide, int64_t narrow)
{
	return wide < 0 || wide == narrow;
}

static bool overlaps(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || a == b;
}

/* Same direction as the exceptions: one more of them. */
static void add_exception(struct cgroup_device_set *set, const struct cgroup_device_rule *rule)
{
	for (size_t i = 0; i < set->len; i++) {
		struct cgroup_device_rule *item = &set->items[i];
		if (item->type == rule->type && item->major == rule->major &&
		    item->minor == rule->minor) {
			set_access(item, cgroup_device_rule_access(item) |
						 cgroup_device_rule_access(rule));
			return;
		}
	}
	set->items[set->len++] = *rule;
}

/* Against the exceptions: take its access from each that it covers. */
static int remove_exceptions(struct cgroup_device_set *set, const struct cgroup_device_rule *rule,
			     struct err *err)
{
	unsigned access = cgroup_device_rule_access(rule);
	size_t kept = 0;
	for (size_t i = 0; i < set->len; i++) {
		struct cgroup_device_rule *item = &set->items[i];
		unsigned had = cgroup_device_rule_access(item);
		if (item->type == rule->type && (had & access) != 0 &&
		    overlaps(item->major, rule->major) && overlaps(item->minor, rule->minor)) {
			if (!covers(rule->major, item->major) ||
			    !covers(rule->minor, item->minor)) {
				char wide[CGROUP_DEVICE_TEXT_SIZE], narrow[CGROUP_DEVICE_TEXT_SIZE];
				cgroup_device_rule_format(item, wide);
				cgroup_device_rule_format(rule, narrow);
				err_set(err, ERR_UNSUPPORTED,
					"cgroup v1 cannot make an exception \"%s %s\" from the "
					"wider rule \"%s %s\"",
					rule->allow ? "allow" : "deny", narrow,
					item->allow ? "allow" : "deny", wide);
				return err_hint(err, "cgroup v2 can; or name the devices one by "
						     "one instead of by \"*\"");
			}
			set_access(item, had & ~access);
			had &= ~access;
		}
		if (had != 0)
			set->items[kept++] = *item;
	}
	set->len = kept;
	return 0;
}

static int apply_rule(struct cgroup_device_set *set, const struct cgroup_device_rule *rule,
		      struct err *err)
{
	if (cgroup_device_rule_is_all(rule)) {
		set->default_allow = rule->allow;
		set->len = 0;
		return 0;
	}
	struct cgroup_device_rule typed = *rule;
	for (const char *type = "bc"; *type != '\0'; type++) {
		if (rule->type != 'a' && rule->type != *type)
			continue;
		typed.type = *type;
		if (rule->allow != set->default_allow)
			add_exception(set, &typed);
		else if (remove_exceptions(set, &typed, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_device_set_make(const struct cgroup_device_rule *rules, size_t len,
			   struct cgroup_device_set *out, struct err *err)
{
	AUTO(struct cgroup_device_set, cgroup_device_set_done) set = { 0 };
	if (cgroup_device_rules_check(rules, len, err) < 0)
		return -1;
	set.items = mem_alloc(len * 2 + 1, sizeof(*set.items)); /* 'a' becomes two */
	for (size_t i = 0; i < len; i++) {
		if (apply_rule(&set, &rules[i], err) < 0)
			return -1;
	}
	*out = set;
	set.items = NULL;
	return 0;
}
