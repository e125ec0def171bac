/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of control files. Files that are not there count nothing. */
#include "kernel/cgroup/control/count.h"

#include "base/mem.h"
#include "kernel/cgroup/control/control.h"
#include "sys/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX       (4u << 20) /* cpuacct.usage_all of thousands of processors */
#define CPU_NUMBER_MAX 65535

void cgroup_count_text(int dir_fd, const char *file, struct buf *out)
{
	AUTO_FD fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	buf_reset(out);
	if (fd < 0 || fd_read_all(fd, FILE_MAX, file, out, NULL) < 0)
		buf_reset(out);
}

uint64_t cgroup_count_number(int dir_fd, const char *file)
{
	char text[CGROUP_NUMBER_SIZE];
	if (cgroup_control_read(dir_fd, file, text, sizeof(text)) <= 0)
		return 0;
	return strcmp(text, "max") == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

/* Room doubles at each power of two, so that no capacity has to be kept. */
static void *grow(void *items, size_t len, size_t size)
{
	return (len & (len - 1)) == 0 ? mem_realloc(items, (len > 0 ? len * 2 : 1) * size) : items;
}

void cgroup_count_add(struct cgroup_numbers *list, uint64_t value)
{
	list->items = grow(list->items, list->len, sizeof(list->items[0]));
	list->items[list->len++] = value;
}

void cgroup_count_numbers(const char *text, struct cgroup_numbers *out)
{
	char *end;
	for (uint64_t value; value = strtoull(text, &end, 10), end != text; text = end)
		cgroup_count_add(out, value);
}

void cgroup_count_list(const char *text, struct cgroup_numbers *out)
{
	char *end;
	for (uint64_t first; first = strtoull(text, &end, 10), end != text;) {
		uint64_t last = first;
		if (*end == '-')
			last = strtoull(end + 1, &end, 10);
		for (; first <= last && first <= CPU_NUMBER_MAX; first++)
			cgroup_count_add(out, first);
		text = *end == ',' ? end + 1 : end;
	}
}

void cgroup_count_pairs(int dir_fd, const char *file, struct cgroup_usage *out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	cgroup_count_text(dir_fd, file, &text);
	char *rest = text.len > 0 ? text.data : NULL;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *name = strsep(&line, " ");
		if (line == NULL)
			continue;
		out->memory.raw = grow(out->memory.raw, out->memory.raw_len,
				       sizeof(out->memory.raw[0]));
		out->memory.raw[out->memory.raw_len++] = (struct cgroup_usage_pair){
			.name = mem_strdup(name),
			.value = strtoull(line, NULL, 10),
		};
	}
}

uint64_t cgroup_count_find(const struct cgroup_usage *usage, const char *name)
{
	for (size_t i = 0; i < usage->memory.raw_len; i++)
		if (strcmp(usage->memory.raw[i].name, name) == 0)
			return usage->memory.raw[i].value;
	return 0;
}

void cgroup_count_add_io(struct cgroup_usage_io_list *list, const struct cgroup_usage_io *item)
{
	list->items = grow(list->items, list->len, sizeof(list->items[0]));
	list->items[list->len++] = *item;
}

/* "hugetlb.2MB.usage_in_bytes" -> "2MB" */
static bool read_page_size(const char *file, const char *suffix, char out[16])
{
	static const char prefix[] = "hugetlb.";
	if (strncmp(file, prefix, sizeof(prefix) - 1) != 0)
		return false;
	const char *size = file + sizeof(prefix) - 1;
	const char *dot = strchr(size, '.');
	if (dot == NULL || strcmp(dot + 1, suffix) != 0 || dot - size >= 16)
		return false;
	memset(out, 0, 16);
	memcpy(out, size, (size_t)(dot - size));
	return true;
}

void cgroup_count_page_sizes(int dir_fd, const char *suffix, struct cgroup_usage *out)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	struct cgroup_usage_huge row = { 0 };
	if (list == NULL) {
		fd_close(&list_fd);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		if (!read_page_size(entry->d_name, suffix, row.page_size))
			continue;
		out->huge = grow(out->huge, out->huge_len, sizeof(out->huge[0]));
		out->huge[out->huge_len++] = row;
	}
	closedir(list);
}

uint64_t cgroup_count_huge(int dir_fd, const char *page_size, const char *suffix)
{
	char file[64];
	snprintf(file, sizeof(file), "hugetlb.%s.%s", page_size, suffix);
	return cgroup_count_number(dir_fd, file);
}
