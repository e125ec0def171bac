/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits as properties. systemd writes the files of its own properties anew at every reload: what
 * is not told to it would be lost then. Files it has no property for it leaves alone, and those are
 * not mentioned here. Which property stands for what is runc's choice, so that `systemctl show`
 * says the same.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "format/number.h"
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/controller.h"
#include "kernel/cgroup/layout.h"
#include "kernel/cgroup/v2/v2.h"
#include "runtime/scope/property.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNLIMITED         UINT64_MAX
#define DEFAULT_PERIOD_US 100000 /* the kernel's */
#define PERCENT_US        10000  /* of a second: systemd keeps whole percents in its files */
#define CPUS_MAX          8192   /* NR_CPUS of the largest kernels */

#define SINCE_QUOTA_PERIOD 242
#define SINCE_CPUSET       244
#define SINCE_IDLE         252

static uint64_t number_of(int64_t value)
{
	return value < 0 ? UNLIMITED : (uint64_t)value;
}

static void add_bandwidth(struct strv *list, int64_t quota_us, int64_t period_us)
{
	AUTO_FREE char *period = mem_printf("%" PRId64, period_us);
	if (period_us > 0)
		property_add_since(list, SINCE_QUOTA_PERIOD, "CPUQuotaPeriodUSec", "t", period);
	if (quota_us == 0 && period_us == 0)
		return;
	uint64_t per_second_us = UNLIMITED;
	if (quota_us > 0) {
		/* Upwards, or the group below could not have what it was promised. */
		uint64_t base = period_us > 0 ? (uint64_t)period_us : DEFAULT_PERIOD_US;
		uint64_t exact = (uint64_t)((unsigned __int128)quota_us * 1000000 / base);
		per_second_us = (exact + PERCENT_US - 1) / PERCENT_US * PERCENT_US;
	}
	property_add_number(list, "CPUQuotaPerSecUSec", per_second_us);
}

static void add_cpu(struct strv *list, const struct cgroup_limits *limits, bool is_v2)
{
	const struct cgroup_value shares = limits->cpu.shares, idle = limits->cpu.idle;
	int64_t quota_us = limits->cpu.quota_us.value, period_us = limits->cpu.period_us.value;
	if (cgroup_value_is_given(shares) && is_v2)
		property_add_number(list, "CPUWeight", cgroup_v2_weight_of_shares(shares.value));
	else if (cgroup_value_is_given(shares))
		property_add_number(list, "CPUShares", (uint64_t)shares.value);
	if (is_v2 && cgroup_value_is_given(idle))
		property_add_since(list, SINCE_IDLE, "CPUWeight", "t", "0");
	add_bandwidth(list, quota_us, period_us);
}

static int64_t current_memory(const struct cgroup *current)
{
	char text[CGROUP_NUMBER_SIZE];
	int v2 = current != NULL ? cgroup_layout_find_v2(current->layout) : -1;
	if (v2 < 0 ||
	    cgroup_control_read(current->dir_fds[v2], "memory.max", text, sizeof(text)) <= 0)
		return -1;
	return text[0] == 'm' ? -1 : strtoll(text, NULL, 10);
}

static void add_memory(struct strv *list, const struct cgroup_limits *limits, bool is_v2,
		       const struct cgroup *current)
{
	const struct cgroup_value limit = limits->memory.limit_bytes;
	const struct cgroup_value both = limits->memory.swap_bytes;
	if (cgroup_value_is_given(limit))
		property_add_number(list, is_v2 ? "MemoryMax" : "MemoryLimit",
				    number_of(limit.value));
	if (!is_v2)
		return;
	if (cgroup_value_is_given(limits->memory.reservation_bytes))
		property_add_number(list, "MemoryLow",
				    number_of(limits->memory.reservation_bytes.value));
	if (cgroup_value_is_given(both)) {
		int64_t memory = cgroup_value_is_given(limit) ? limit.value
							      : current_memory(current);
		int64_t swap = cgroup_v2_swap_max(memory, both.value);
		/* What makes no sense together is refused when the files are written. */
		if (swap != -2)
			property_add_number(list, "MemorySwapMax", number_of(swap));
	} else if (current != NULL && cgroup_value_is_given(limit) && limit.value < 0) {
		property_add_number(list, "MemorySwapMax", UNLIMITED);
	}
}

/* "0-2,7" as a bit set, lowest byte first. */
static int add_set(struct strv *list, const char *name, const char *text, struct err *err)
{
	uint8_t bits[CPUS_MAX / 8] = { 0 };
	size_t len = 0;
	AUTO(struct strv, strv_done) ranges = { 0 };
	strv_split(&ranges, text, ',');
	for (size_t i = 0; i < ranges.len; i++) {
		char *range = ranges.items[i] + strspn(ranges.items[i], " \t\n");
		range[strcspn(range, " \t\n")] = '\0';
		char *dash = strchr(range, '-');
		uint64_t first, last;
		if (range[0] == '\0')
			continue;
		if (dash != NULL)
			*dash = '\0';
		if (number_parse(range, CPUS_MAX - 1, &first, err) < 0 ||
		    number_parse(dash != NULL ? dash + 1 : range, CPUS_MAX - 1, &last, err) < 0 ||
		    (first > last && err_set(err, ERR_INVALID, "its first number is higher") < 0))
			return err_context(err, "\"%.100s\" is not a list of ranges", text);
		for (uint64_t n = first; n <= last; n++)
			bits[n / 8] |= (uint8_t)(1u << (n % 8));
		if (last / 8 + 1 > len)
			len = (size_t)(last / 8 + 1);
	}
	AUTO(struct buf, buf_done) hex = { 0 };
	for (size_t i = 0; i < len; i++)
		buf_addf(&hex, "%02x", bits[i]);
	if (len > 0)
		property_add_since(list, SINCE_CPUSET, name, "ay", buf_str(&hex));
	return 0;
}

static int add_cpuset(struct strv *list, const char *cpus, const char *mems, struct err *err)
{
	if (cpus != NULL && add_set(list, "AllowedCPUs", cpus, err) < 0)
		return -1;
	return mems != NULL ? add_set(list, "AllowedMemoryNodes", mems, err) : 0;
}

/* --- v2 files by their own names --- */

static int parse_or_max(const char *text, uint64_t *out, struct err *err)
{
	if (strcmp(text, "max") != 0)
		return number_parse(text, UINT64_MAX - 1, out, err);
	*out = UNLIMITED;
	return 0;
}

static int add_unified_bandwidth(struct strv *list, char *value, struct err *err)
{
	uint64_t quota_us, period_us = DEFAULT_PERIOD_US;
	char *period = strchr(value, ' ');
	if (period != NULL)
		*period++ = '\0';
	if (parse_or_max(value, &quota_us, err) < 0 ||
	    (period != NULL && number_parse(period, 1000000, &period_us, err) < 0))
		return -1;
	if (quota_us > INT64_MAX)
		quota_us = 0;
	add_bandwidth(list, (int64_t)quota_us, (int64_t)period_us);
	return 0;
}

/* The name is checked by cgroup_v2_unified_controller() when it is written. */
static int add_unified(struct strv *list, const char *assignment, struct err *err)
{
	static const char *const numbers[][2] = {
		{ "cpu.weight", "CPUWeight" }, { "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" }, { "memory.max", "MemoryMax" },
		{ "memory.min", "MemoryMin" }, { "memory.swap.max", "MemorySwapMax" },
		{ "pids.max", "TasksMax" },
	};
	AUTO_FREE char *key = mem_strdup(assignment);
	char *value = key + strcspn(key, "=");
	if (*value == '=')
		*value++ = '\0';
	value += strspn(value, " \t\n");
	for (size_t len = strlen(value); len > 0 && strchr(" \t\n", value[len - 1]); len--)
		value[len - 1] = '\0';
	int rc = 0;
	uint64_t number = 0;
	if (strcmp(key, "cpu.max") == 0)
		rc = add_unified_bandwidth(list, value, err);
	else if (strcmp(key, "cpuset.cpus") == 0)
		rc = add_set(list, "AllowedCPUs", value, err);
	else if (strcmp(key, "cpuset.mems") == 0)
		rc = add_set(list, "AllowedMemoryNodes", value, err);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(key, numbers[i][0]) != 0)
			continue;
		rc = parse_or_max(value, &number, err);
		if (rc == 0)
			property_add_number(list, numbers[i][1], number);
	}
	return rc == 0 ? 0 : err_context(err, "unified cgroup key %.64s", key);
}

int property_add_limits(struct strv *list, const struct cgroup_limits *limits, bool is_v2,
			const struct cgroup *current, struct err *err)
{
	const struct cgroup_value weight = limits->io.weight;
	add_memory(list, limits, is_v2, current);
	add_cpu(list, limits, is_v2);
	if (cgroup_value_is_given(weight) && is_v2)
		property_add_number(list, "IOWeight",
				    cgroup_v2_weight_of_blkio((uint64_t)weight.value));
	else if (cgroup_value_is_given(weight))
		property_add_number(list, "BlockIOWeight", (uint64_t)weight.value);
	if (limits->pids_max.is_set)
		property_add_number(list, "TasksMax",
				    limits->pids_max.value > 0 ? (uint64_t)limits->pids_max.value
							       : UNLIMITED);
	if (add_cpuset(list, limits->cpu.cpus, limits->cpu.mems, err) < 0)
		return -1;
	for (size_t i = 0; is_v2 && i < limits->unified.len; i++)
		if (add_unified(list, limits->unified.items[i], err) < 0)
			return -1;
	return 0;
}
