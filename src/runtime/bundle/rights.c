/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides, once, what is different for a caller other than the machine's root. The steps of the
 * boot do not ask who called: they take the kernel's answer.
 */
#include "runtime/bundle/rights.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int rights_read(const char *rootless, struct rights *out, struct err *err)
{
	struct rights rights = { 0 };
	if (ns_privilege_read(&rights.privilege, err) < 0)
		return -1;
	if (rootless == NULL || strcmp(rootless, "auto") == 0)
		rights.may_lack_cgroup = !rights.privilege.is_initial ||
					 !rights.privilege.has_sys_admin;
	else if (strcmp(rootless, "true") == 0)
		rights.may_lack_cgroup = true;
	else if (strcmp(rootless, "false") != 0)
		return err_set(err, ERR_INVALID, "--rootless=%s: auto, true or false expected",
			       rootless);
	*out = rights;
	return 0;
}

int rights_check(const struct rights *rights, const struct spec *spec, struct err *err)
{
	if (rights->privilege.has_sys_admin || spec->namespaces[NS_USER].is_used)
		return 0;
	err_set(err, ERR_INVALID,
		"config.json: linux.namespaces: without root a container needs a user namespace");
	return err_hint(err, "'spec --rootless' writes a configuration with one");
}

int rights_place_cgroup(const struct rights *rights, const struct cgroup_layout *layout,
			const char *id, struct spec *spec, struct err *err)
{
	char path[CGROUP_PATH_MAX];
	if (!rights->may_lack_cgroup)
		return 0;
	bool has_place = cgroup_find_place(layout, id, path);
	const char *limited = cgroup_limits_any(&spec->limits);
	if (!has_place && limited != NULL) {
		err_set(err, ERR_UNSUPPORTED,
			"config.json: linux.resources: cannot set %s limit: container could not "
			"join or create cgroup",
			limited);
		return err_hint(err, "leave the limits out, or have a part of the cgroup v2 tree "
				     "delegated: systemd-run --user --scope -p Delegate=yes ...");
	}
	free(spec->cgroups_path);
	spec->cgroups_path = has_place ? mem_strdup(path) : NULL;
	spec->has_cgroup = has_place;
	return 0;
}
