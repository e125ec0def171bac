/* SPDX-License-Identifier: Apache-2.0 */
/* update: limits of a container that lives. */
#include "runtime/bundle/verbs.h"

#include "base/mem.h"
#include "kernel/rdt/rdt.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/record.h"
#include "sys/fd.h"

/* What it has started so far: later children are born into the class of their parent. */
static int place_all(const struct record *record, int root_fd, const struct rdt *rdt,
		     struct err *err)
{
	AUTO_FREE pid_t *pids = NULL;
	struct cgroup_layout layout;
	struct cgroup cgroup;
	size_t len = 0;
	if (record->facts.cgroup_path == NULL)
		return 0;
	if (record_open_cgroup(record, &layout, &cgroup, err) < 0)
		return -1;
	int result = cgroup_pids(&cgroup, &pids, &len, err);
	cgroup_done(&cgroup);
	/* One that has ended meanwhile needs no class. */
	for (size_t i = 0; result == 0 && i < len; i++)
		if (pids[i] != record->facts.init.pid)
			rdt_join(root_fd, rdt, pids[i], NULL);
	return result;
}

static int make_class(struct record *record, int root_fd, const struct rdt *rdt, struct err *err)
{
	record->facts.class_group = mem_strdup(rdt->class_id);
	if (record_save(record, err) == 0 &&
	    rdt_place(root_fd, rdt, record->facts.init.pid, err) == 0)
		return place_all(record, root_fd, rdt, err);
	free(ptr_take(&record->facts.class_group));
	record_save(record, NULL);
	return -1;
}

static int update_class(struct record *record, const struct bundle_update_options *options,
			struct err *err)
{
	AUTO(struct bundle, bundle_done) bundle = { 0 };
	if (options->l3_schema == NULL && options->memory_schema == NULL)
		return 0;
	AUTO_FD root_fd = rdt_open(err);
	if (root_fd < 0 || bundle_reopen(record, &bundle, err) < 0)
		return -1;
	struct rdt wanted = bundle.spec.rdt;
	wanted.l3_schema = options->l3_schema;
	wanted.memory_schema = options->memory_schema;
	wanted.schemata = (struct strv){ 0 };
	if (wanted.is_set)
		return rdt_check(&wanted, err) < 0 ? -1 : rdt_update(root_fd, &wanted, err);
	wanted.is_set = wanted.is_own_class = true;
	wanted.class_id = wanted.group_id = record->id;
	return rdt_check(&wanted, err) < 0 ? -1 : make_class(record, root_fd, &wanted, err);
}

static int update_cgroup(const struct record *record, const struct cgroup_limits *limits,
			 struct err *err)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (record_open_cgroup(record, &layout, &cgroup, err) < 0)
		return -1;
	/* systemd first: it writes the files of its properties, rounded, and we the last word. */
	const struct scope *unit = &record->facts.unit;
	struct cgroup_limits exact = *limits; /* borrows what it points to */
	int result = 0;
	if (unit->unit != NULL) {
		cgroup_complete_bandwidth(&cgroup, &exact);
		result = scope_update(unit, &exact, &cgroup, err);
	}
	if (result == 0)
		result = cgroup_apply(&cgroup, &exact, err);
	cgroup_done(&cgroup);
	return result;
}

int bundle_update(const struct bundle_home *home, const char *id,
		  const struct bundle_update_options *options, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, true, &record, err) < 0)
		return -1;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, NULL, err) < 0)
		return -1;
	if (status == BUNDLE_STOPPED)
		return err_set(err, ERR_CONFLICT, "container not running");
	if (update_class(&record, options, err) < 0)
		return -1;
	bool is_about_class_only = options->l3_schema != NULL || options->memory_schema != NULL;
	if (is_about_class_only && !cgroup_limits_any(&options->limits))
		return 0;
	return update_cgroup(&record, &options->limits, err);
}
