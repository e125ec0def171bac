/* SPDX-License-Identifier: Apache-2.0 */
/* update: limits of a container that lives. */
#include "runtime/bundle/verbs.h"

#include "runtime/bundle/record.h"

int bundle_update(const struct bundle_home *home, const char *id,
		  const struct cgroup_limits *limits, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, NULL, err) < 0)
		return -1;
	if (status == BUNDLE_STOPPED)
		return err_set(err, ERR_CONFLICT, "container not running");
	if (record_open_cgroup(&record, &layout, &cgroup, err) < 0)
		return -1;
	/* systemd first: it writes the files of its properties, and we the last word. */
	const struct scope *unit = &record.facts.unit;
	int result = unit->unit != NULL ? scope_update(unit, limits, &cgroup, err) : 0;
	if (result == 0)
		result = cgroup_apply(&cgroup, limits, err);
	cgroup_done(&cgroup);
	return result;
}
