/* SPDX-License-Identifier: Apache-2.0 */
/* ps: which processes are in a container. Its control group knows. */
#include "runtime/bundle/verbs.h"

#include "base/mem.h"
#include "runtime/bundle/record.h"

#include <stdlib.h>

static int compare_pids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
	return left < right ? -1 : left > right;
}

int bundle_ps(const struct bundle_home *home, const char *id, pid_t **out, size_t *out_len,
	      struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	AUTO_FREE pid_t *pids = NULL;
	struct cgroup_layout layout;
	struct cgroup cgroup;
	size_t len = 0;
	if (record_open(home->state_path, id, false, &record, err) < 0)
		return -1;
	if (record_open_cgroup(&record, &layout, &cgroup, err) < 0)
		return -1;
	int result = cgroup_pids(&cgroup, &pids, &len, err);
	cgroup_done(&cgroup);
	if (result < 0)
		return -1;
	if (len > 1)
		qsort(pids, len, sizeof(pids[0]), compare_pids);
	*out = ptr_take(&pids);
	*out_len = len;
	return 0;
}
