/* SPDX-License-Identifier: Apache-2.0 */
/* What the v2 tree counts, under v1's names. Source: Documentation/admin-guide/cgroup-v2.rst */
#include "kernel/cgroup/control/control.h"
#include "kernel/cgroup/control/count.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000u

static void read_cpu(int dir_fd, struct cgroup_usage *out)
{
	const struct {
		const char *key;
		uint64_t *out;
		unsigned factor;
	} rows[] = {
		{ "usage_usec", &out->cpu.total_ns, NS_PER_US },
		{ "user_usec", &out->cpu.user_ns, NS_PER_US },
		{ "system_usec", &out->cpu.kernel_ns, NS_PER_US },
		{ "nr_periods", &out->cpu.periods, 1 },
		{ "nr_throttled", &out->cpu.throttled_periods, 1 },
		{ "throttled_usec", &out->cpu.throttled_ns, NS_PER_US },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		*rows[i].out = cgroup_control_read_key(dir_fd, "cpu.stat", rows[i].key) *
			       rows[i].factor;
}

/* Swap is a number of its own here; readers expect memory and swap together. */
static void read_memory(int dir_fd, struct cgroup_usage *out)
{
	struct cgroup_usage_memory *all = &out->memory.all, *swap = &out->memory.swap;
	cgroup_count_pairs(dir_fd, "memory.stat", out);
	out->memory.cache = cgroup_count_find(out, "file");
	all->usage = cgroup_count_number(dir_fd, "memory.current");
	all->limit = cgroup_count_number(dir_fd, "memory.max");
	all->max = cgroup_count_number(dir_fd, "memory.peak");
	all->fail_count = cgroup_control_read_key(dir_fd, "memory.events", "max");
	swap->usage = cgroup_count_number(dir_fd, "memory.swap.current") + all->usage;
	swap->limit = cgroup_count_number(dir_fd, "memory.swap.max");
	if (swap->limit != UINT64_MAX)
		swap->limit = all->limit == UINT64_MAX ? UINT64_MAX : swap->limit + all->limit;
}

/* "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0" */
static void read_io(int dir_fd, struct cgroup_usage *out)
{
	static const struct {
		const char *key, *operation;
		enum cgroup_io_kind kind;
	} words[] = {
		{ "rbytes", "Read", CGROUP_IO_SERVICE_BYTES },
		{ "wbytes", "Write", CGROUP_IO_SERVICE_BYTES },
		{ "rios", "Read", CGROUP_IO_SERVICED },
		{ "wios", "Write", CGROUP_IO_SERVICED },
	};
	AUTO(struct buf, buf_done) text = { 0 };
	cgroup_count_text(dir_fd, "io.stat", &text);
	char *rest = text.len > 0 ? text.data : NULL;
	for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
		struct cgroup_usage_io item = { 0 };
		if (sscanf(line, "%" SCNu64 ":%" SCNu64, &item.major, &item.minor) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			char pattern[16];
			snprintf(pattern, sizeof(pattern), " %s=", words[i].key);
			const char *found = strstr(line, pattern);
			if (found == NULL)
				continue;
			item.value = strtoull(found + strlen(pattern), NULL, 10);
			snprintf(item.operation, sizeof(item.operation), "%s", words[i].operation);
			cgroup_count_add_io(&out->io[words[i].kind], &item);
		}
	}
}

static void read_hugetlb(int dir_fd, struct cgroup_usage *out)
{
	cgroup_count_page_sizes(dir_fd, "current", out);
	for (size_t i = 0; i < out->huge_len; i++) {
		struct cgroup_usage_huge *row = &out->huge[i];
		char file[64];
		snprintf(file, sizeof(file), "hugetlb.%s.events", row->page_size);
		row->usage = cgroup_count_huge(dir_fd, row->page_size, "current");
		row->fail_count = cgroup_control_read_key(dir_fd, file, "max");
	}
}

void cgroup_v2_usage(int dir_fd, const struct cgroup_count_dirs *dirs, struct cgroup_usage *out)
{
	if (dirs->cpu < 0 && dirs->cpuacct < 0)
		read_cpu(dir_fd, out);
	if (dirs->memory < 0)
		read_memory(dir_fd, out);
	if (dirs->blkio < 0)
		read_io(dir_fd, out);
	if (dirs->hugetlb < 0)
		read_hugetlb(dir_fd, out);
}
