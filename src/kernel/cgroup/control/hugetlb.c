/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Huge page limits for both versions: one pair of files for each page size the machine has. The
 * size comes from outside and becomes part of a file name, so its grammar is checked here.
 */
#include "kernel/cgroup/control/hugetlb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Digits and a unit, as hugetlb_cgroup names its files: 64KB, 2MB, 1GB. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	return digits > 0 && digits < 10 &&
	       (strcmp(unit, "KB") == 0 || strcmp(unit, "MB") == 0 || strcmp(unit, "GB") == 0);
}

int cgroup_hugetlb_write(const struct cgroup_control *control, const struct cgroup_limits *limits,
			 const struct cgroup_hugetlb_files *files, struct err *err)
{
	for (size_t i = 0; i < limits->hugetlb_len; i++) {
		const struct cgroup_hugetlb *item = &limits->hugetlb[i];
		char file[64], value[CGROUP_NUMBER_SIZE];
		if (!is_page_size(item->page_size))
			return err_set(err, ERR_INVALID, "huge page size \"%s\" is not like 2MB",
				       item->page_size);
		snprintf(file, sizeof(file), "hugetlb.%s.%s", item->page_size, files->limit);
		snprintf(value, sizeof(value), "%" PRIu64, item->limit_bytes);
		if (cgroup_control_write(control, file, value, err) < 0)
			return err_hint(err, "see /sys/kernel/mm/hugepages for the sizes");
		snprintf(file, sizeof(file), "hugetlb.%s.%s", item->page_size, files->reservation);
		if (cgroup_control_put(control, file, value) < 0 && errno != ENOENT)
			return cgroup_control_fail(control, file, value, err);
	}
	return 0;
}
