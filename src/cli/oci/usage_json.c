/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics as engines read them. What is 0 is left out where runc leaves it out: readers compare
 * with absent members. Source: runc's types/events.go (names and omissions)
 */
#include "cli/oci/usage_json.h"

#include "base/json_write.h"

#include <string.h>

static void open_object(struct buf *out, const char *key)
{
	json_add_key(out, key);
	buf_add_char(out, '{');
}

static void add_unless_0(struct buf *out, const char *key, uint64_t value)
{
	if (value != 0)
		json_add_uint(out, key, value);
}

static void add_numbers(struct buf *out, const char *key, const struct cgroup_numbers *list)
{
	if (list->len == 0)
		return;
	json_add_key(out, key);
	for (size_t i = 0; i < list->len; i++)
		buf_addf(out, "%c%llu", i == 0 ? '[' : ',', (unsigned long long)list->items[i]);
	buf_add_char(out, ']');
}

static void add_cpu(struct buf *out, const struct cgroup_usage *usage)
{
	open_object(out, "cpu");
	open_object(out, "usage");
	add_unless_0(out, "total", usage->cpu.total_ns);
	add_numbers(out, "percpu", &usage->cpu.per_cpu_ns);
	add_numbers(out, "percpu_kernel", &usage->cpu.per_cpu_kernel_ns);
	add_numbers(out, "percpu_user", &usage->cpu.per_cpu_user_ns);
	json_add_uint(out, "kernel", usage->cpu.kernel_ns);
	json_add_uint(out, "user", usage->cpu.user_ns);
	buf_add_char(out, '}');
	open_object(out, "throttling");
	add_unless_0(out, "periods", usage->cpu.periods);
	add_unless_0(out, "throttledPeriods", usage->cpu.throttled_periods);
	add_unless_0(out, "throttledTime", usage->cpu.throttled_ns);
	buf_add_str(out, "}}");
}

static void add_cpuset(struct buf *out, const struct cgroup_usage *usage)
{
	open_object(out, "cpuset");
	add_numbers(out, "cpus", &usage->cpuset.cpus);
	add_numbers(out, "mems", &usage->cpuset.mems);
	for (size_t i = 0; i < CGROUP_CPUSET_WORDS; i++)
		json_add_int(out, cgroup_cpuset_words[i], usage->cpuset.values[i]);
	buf_add_char(out, '}');
}

static void add_entry(struct buf *out, const char *key, const struct cgroup_usage_memory *entry)
{
	open_object(out, key);
	json_add_uint(out, "limit", entry->limit);
	add_unless_0(out, "usage", entry->usage);
	add_unless_0(out, "max", entry->max);
	json_add_uint(out, "failcnt", entry->fail_count);
	buf_add_char(out, '}');
}

static void add_memory(struct buf *out, const struct cgroup_usage *usage)
{
	open_object(out, "memory");
	add_unless_0(out, "cache", usage->memory.cache);
	add_entry(out, "usage", &usage->memory.all);
	add_entry(out, "swap", &usage->memory.swap);
	add_entry(out, "kernel", &usage->memory.kernel);
	add_entry(out, "kernelTCP", &usage->memory.kernel_tcp);
	if (usage->memory.raw_len > 0) {
		open_object(out, "raw");
		for (size_t i = 0; i < usage->memory.raw_len; i++)
			json_add_uint(out, usage->memory.raw[i].name, usage->memory.raw[i].value);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '}');
}

static void add_io_list(struct buf *out, const char *key, const struct cgroup_usage_io_list *list)
{
	if (list->len == 0)
		return;
	json_add_key(out, key);
	for (size_t i = 0; i < list->len; i++) {
		const struct cgroup_usage_io *item = &list->items[i];
		buf_add_str(out, i == 0 ? "[{" : ",{");
		add_unless_0(out, "major", item->major);
		add_unless_0(out, "minor", item->minor);
		json_add_str(out, "op", item->operation);
		add_unless_0(out, "value", item->value);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

static void add_io(struct buf *out, const struct cgroup_usage *usage)
{
	static const char *const keys[CGROUP_IO_KINDS] = {
		[CGROUP_IO_SERVICE_BYTES] = "ioServiceBytesRecursive",
		[CGROUP_IO_SERVICED] = "ioServicedRecursive",
		[CGROUP_IO_QUEUED] = "ioQueueRecursive",
		[CGROUP_IO_SERVICE_TIME] = "ioServiceTimeRecursive",
		[CGROUP_IO_WAIT_TIME] = "ioWaitTimeRecursive",
		[CGROUP_IO_MERGED] = "ioMergedRecursive",
		[CGROUP_IO_TIME] = "ioTimeRecursive",
		[CGROUP_IO_SECTORS] = "sectorsRecursive",
	};
	open_object(out, "blkio");
	for (size_t kind = 0; kind < CGROUP_IO_KINDS; kind++)
		add_io_list(out, keys[kind], &usage->io[kind]);
	buf_add_char(out, '}');
}

static void add_huge(struct buf *out, const struct cgroup_usage *usage)
{
	open_object(out, "hugetlb");
	for (size_t i = 0; i < usage->huge_len; i++) {
		open_object(out, usage->huge[i].page_size);
		add_unless_0(out, "usage", usage->huge[i].usage);
		add_unless_0(out, "max", usage->huge[i].max);
		json_add_uint(out, "failcnt", usage->huge[i].fail_count);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '}');
}

void oci_usage_json(const struct cgroup_usage *usage, struct buf *out)
{
	buf_add_char(out, '{');
	add_cpu(out, usage);
	add_cpuset(out, usage);
	add_memory(out, usage);
	open_object(out, "pids");
	add_unless_0(out, "current", usage->pids);
	add_unless_0(out, "limit", usage->pids_limit);
	buf_add_char(out, '}');
	add_io(out, usage);
	add_huge(out, usage);
	buf_add_str(out, ",\"intel_rdt\":{},\"network_interfaces\":null}");
}
