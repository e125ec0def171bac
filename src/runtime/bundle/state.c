/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: records, and what the kernel says about their processes. */
#include "runtime/bundle/verbs.h"

#include "base/mem.h"
#include "base/warn.h"
#include "runtime/bundle/record.h"

#include <stdlib.h>

void bundle_summary_done(struct bundle_summary *summary)
{
	free(summary->oci_version);
	free(summary->id);
	free(summary->bundle);
	free(summary->rootfs);
	free(summary->created);
	strv_done(&summary->annotations);
	*summary = (struct bundle_summary){ 0 };
}

int bundle_state(const struct bundle_home *home, const char *id, struct bundle_summary *out,
		 struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (record_open(home->state_path, id, false, &record, err) < 0)
		return -1;
	struct record_facts *facts = &record.facts;
	enum bundle_status status;
	if (record_status(&record, NULL, &status, NULL, err) < 0)
		return -1;
	*out = (struct bundle_summary){
		.oci_version = ptr_take(&facts->oci_version),
		.id = ptr_take(&record.id),
		.bundle = ptr_take(&facts->bundle),
		.rootfs = ptr_take(&facts->rootfs),
		.created = ptr_take(&facts->created),
		.pid = status == BUNDLE_STOPPED ? 0 : facts->init.pid,
		.owner = facts->owner,
		.status = status,
		.annotations = facts->annotations,
	};
	facts->annotations = (struct strv){ 0 };
	return 0;
}

int bundle_list(const struct bundle_home *home, struct bundle_summary **out, size_t *out_len,
		struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (record_ids(home->state_path, &ids, err) < 0)
		return -1;
	struct bundle_summary *list = mem_alloc(ids.len, sizeof(*list));
	size_t len = 0;
	for (size_t i = 0; i < ids.len; i++) {
		struct err why = { 0 };
		if (bundle_state(home, ids.items[i], &list[len], &why) == 0)
			len++;
		else if (why.kind != ERR_NOT_FOUND) /* taken away meanwhile */
			warn_say("container %s is left out: %s", ids.items[i], why.text);
	}
	*out = list;
	*out_len = len;
	return 0;
}
