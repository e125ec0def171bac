/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of v2 by their own names, for whatever OCI has no word for ("memory.high"). The name
 * comes from outside: it must stay one file of this cgroup, and one that holds a setting.
 * Source: OCI runtime-spec config-linux.md, "Unified"
 */
#include "kernel/cgroup/v2/v2.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

int cgroup_v2_unified_controller(const char *assignment, char out[32], struct err *err)
{
	static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t key_len = strcspn(assignment, "=");
	size_t controller_len = strcspn(assignment, ".=");
	if (assignment[key_len] != '=' || strspn(assignment, name_bytes) != key_len ||
	    controller_len == 0 || controller_len == key_len || controller_len >= 32 ||
	    key_len > 128)
		return err_set(err, ERR_INVALID,
			       "unified cgroup key \"%.*s\" is not a file name like memory.high",
			       (int)(key_len < 200 ? key_len : 200), assignment);
	if (strncmp(assignment, "cgroup.", 7) == 0) {
		if (strncmp(assignment, "cgroup.max.", 11) != 0 &&
		    strncmp(assignment, "cgroup.pressure=", 16) != 0)
			return err_set(err, ERR_INVALID,
				       "unified cgroup key \"%.*s\" is not a limit", (int)key_len,
				       assignment);
		controller_len = 0;
	}
	memcpy(out, assignment, controller_len);
	out[controller_len] = '\0';
	return 0;
}

/* One request a line: files like io.max take one device at a time. */
static int write_lines(const struct cgroup_control *control, const char *assignment,
		       struct err *err)
{
	AUTO_FREE char *copy = mem_strdup(assignment);
	char *value = strchr(copy, '=');
	*value++ = '\0';
	do {
		char *end = strchr(value, '\n');
		if (end != NULL)
			*end++ = '\0';
		/* An empty value means something (cpuset.cpus); an empty last line does not. */
		if ((*value != '\0' || end == NULL) &&
		    cgroup_control_write(control, copy, value, err) < 0)
			return -1;
		value = end;
	} while (value != NULL && *value != '\0');
	return 0;
}

int cgroup_v2_unified(const struct cgroup_control *control, const struct cgroup_limits *limits,
		      struct err *err)
{
	for (size_t i = 0; i < limits->unified.len; i++) {
		struct cgroup_control named = *control;
		char controller[32] = "";
		if (cgroup_v2_unified_controller(limits->unified.items[i], controller, err) < 0)
			return -1;
		named.controller = controller[0] != '\0' ? controller : "cgroup";
		named.option = "the option that provides this file";
		if (write_lines(&named, limits->unified.items[i], err) < 0)
			return -1;
	}
	return 0;
}
