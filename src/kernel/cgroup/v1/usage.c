/* SPDX-License-Identifier: Apache-2.0 */
/* What v1 trees count: a file for each number. Source: Documentation/admin-guide/cgroup-v1 */
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/count.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

const char *const cgroup_cpuset_words[] = {
	"cpu_exclusive",
	"mem_hardwall",
	"mem_exclusive",
	"memory_migrate",
	"memory_spread_page",
	"memory_spread_slab",
	"memory_pressure",
	"sched_load_balance",
	"sched_relax_domain_level",
	NULL,
};

/* "cpu user system" and then a line for each processor. */
static void read_usage_all(int dir_fd, struct cgroup_usage *out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	cgroup_count_text(dir_fd, "cpuacct.usage_all", &text);
	const char *line = strchr(buf_str(&text), '\n');
	for (; line != NULL; line = strchr(line + 1, '\n')) {
		uint64_t user, kernel;
		if (sscanf(line + 1, "%*u %" SCNu64 " %" SCNu64, &user, &kernel) != 2)
			continue;
		cgroup_count_add(&out->cpu.per_cpu_user_ns, user);
		cgroup_count_add(&out->cpu.per_cpu_kernel_ns, kernel);
	}
}

static void read_cpuacct(int dir_fd, struct cgroup_usage *out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	uint64_t tick_ns = NS_PER_S / (ticks_per_s > 0 ? (uint64_t)ticks_per_s : 100);
	out->cpu.total_ns = cgroup_count_number(dir_fd, "cpuacct.usage");
	out->cpu.user_ns = cgroup_control_read_key(dir_fd, "cpuacct.stat", "user") * tick_ns;
	out->cpu.kernel_ns = cgroup_control_read_key(dir_fd, "cpuacct.stat", "system") * tick_ns;
	cgroup_count_text(dir_fd, "cpuacct.usage_percpu", &text);
	cgroup_count_numbers(buf_str(&text), &out->cpu.per_cpu_ns);
	read_usage_all(dir_fd, out);
}

static void read_cpu(int dir_fd, struct cgroup_usage *out)
{
	out->cpu.periods = cgroup_control_read_key(dir_fd, "cpu.stat", "nr_periods");
	out->cpu.throttled_periods = cgroup_control_read_key(dir_fd, "cpu.stat", "nr_throttled");
	out->cpu.throttled_ns = cgroup_control_read_key(dir_fd, "cpu.stat", "throttled_time");
}

static void read_cpuset(int dir_fd, struct cgroup_usage *out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	cgroup_count_text(dir_fd, "cpuset.cpus", &text);
	cgroup_count_list(buf_str(&text), &out->cpuset.cpus);
	cgroup_count_text(dir_fd, "cpuset.mems", &text);
	cgroup_count_list(buf_str(&text), &out->cpuset.mems);
	for (size_t i = 0; i < CGROUP_CPUSET_WORDS; i++) {
		char file[64];
		snprintf(file, sizeof(file), "cpuset.%s", cgroup_cpuset_words[i]);
		cgroup_count_text(dir_fd, file, &text);
		out->cpuset.values[i] = strtoll(buf_str(&text), NULL, 10);
	}
}

/* @prefix  "memory", "memory.memsw", ... */
static struct cgroup_usage_memory read_entry(int dir_fd, const char *prefix)
{
	struct cgroup_usage_memory entry = { 0 };
	const struct {
		const char *suffix;
		uint64_t *out;
	} rows[] = {
		{ "usage_in_bytes", &entry.usage },
		{ "max_usage_in_bytes", &entry.max },
		{ "failcnt", &entry.fail_count },
		{ "limit_in_bytes", &entry.limit },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char file[64];
		snprintf(file, sizeof(file), "%s.%s", prefix, rows[i].suffix);
		*rows[i].out = cgroup_count_number(dir_fd, file);
	}
	return entry;
}

static void read_memory(int dir_fd, struct cgroup_usage *out)
{
	cgroup_count_pairs(dir_fd, "memory.stat", out);
	out->memory.cache = cgroup_count_find(out, "cache");
	out->memory.all = read_entry(dir_fd, "memory");
	out->memory.swap = read_entry(dir_fd, "memory.memsw");
	out->memory.kernel = read_entry(dir_fd, "memory.kmem");
	out->memory.kernel_tcp = read_entry(dir_fd, "memory.kmem.tcp");
}

/* "8:0 Read 4096", or "8:0 12"; the sum at the end has no device. @return whether it is there */
static bool read_io_file(int dir_fd, const char *file, struct cgroup_usage_io_list *out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	cgroup_count_text(dir_fd, file, &text);
	char *rest = text.len > 0 ? text.data : NULL;
	for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
		struct cgroup_usage_io item = { 0 };
		if (sscanf(line, "%" SCNu64 ":%" SCNu64 " %15[A-Za-z] %" SCNu64, &item.major,
			   &item.minor, item.operation, &item.value) == 4) {
			cgroup_count_add_io(out, &item);
			continue;
		}
		item.operation[0] = '\0';
		if (sscanf(line, "%" SCNu64 ":%" SCNu64 " %" SCNu64, &item.major, &item.minor,
			   &item.value) == 3)
			cgroup_count_add_io(out, &item);
	}
	return out->len > 0;
}

struct io_files {
	const char *names[CGROUP_IO_KINDS];
};

/* The first set whose first file counts anything is that of the scheduler in use. */
static void read_blkio(int dir_fd, struct cgroup_usage *out)
{
	static const struct io_files sets[] = {
		{ { "blkio.bfq.io_service_bytes_recursive", "blkio.bfq.io_serviced_recursive",
		    "blkio.bfq.io_queued_recursive", "blkio.bfq.io_service_time_recursive",
		    "blkio.bfq.io_wait_time_recursive", "blkio.bfq.io_merged_recursive",
		    "blkio.bfq.time_recursive", "blkio.bfq.sectors_recursive" } },
		{ { "blkio.io_service_bytes_recursive", "blkio.io_serviced_recursive",
		    "blkio.io_queued_recursive", "blkio.io_service_time_recursive",
		    "blkio.io_wait_time_recursive", "blkio.io_merged_recursive",
		    "blkio.time_recursive", "blkio.sectors_recursive" } },
		{ { "blkio.throttle.io_service_bytes_recursive",
		    "blkio.throttle.io_serviced_recursive" } },
		{ { "blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced" } },
	};
	for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
		if (!read_io_file(dir_fd, sets[s].names[0], &out->io[0]))
			continue;
		for (size_t kind = 1; kind < CGROUP_IO_KINDS; kind++)
			if (sets[s].names[kind] != NULL)
				(void)read_io_file(dir_fd, sets[s].names[kind], &out->io[kind]);
		return;
	}
}

static void read_hugetlb(int dir_fd, struct cgroup_usage *out)
{
	cgroup_count_page_sizes(dir_fd, "usage_in_bytes", out);
	for (size_t i = 0; i < out->huge_len; i++) {
		struct cgroup_usage_huge *row = &out->huge[i];
		row->usage = cgroup_count_huge(dir_fd, row->page_size, "usage_in_bytes");
		row->max = cgroup_count_huge(dir_fd, row->page_size, "max_usage_in_bytes");
		row->fail_count = cgroup_count_huge(dir_fd, row->page_size, "failcnt");
	}
}

void cgroup_v1_usage(const struct cgroup_count_dirs *dirs, struct cgroup_usage *out)
{
	if (dirs->cpuacct >= 0)
		read_cpuacct(dirs->cpuacct, out);
	if (dirs->cpu >= 0)
		read_cpu(dirs->cpu, out);
	if (dirs->cpuset >= 0)
		read_cpuset(dirs->cpuset, out);
	if (dirs->memory >= 0)
		read_memory(dirs->memory, out);
	if (dirs->blkio >= 0)
		read_blkio(dirs->blkio, out);
	if (dirs->hugetlb >= 0)
		read_hugetlb(dirs->hugetlb, out);
}
