/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/document.h"

#include "base/json_write.h"

char *document_of(const struct record *record, const char *status, pid_t pid)
{
	const struct record_facts *facts = &record->facts;
	struct buf out = { 0 };
	buf_add_char(&out, '{');
	json_add_str(&out, "ociVersion", facts->oci_version);
	json_add_str(&out, "id", record->id);
	json_add_str(&out, "status", status);
	if (pid > 0)
		json_add_int(&out, "pid", pid);
	json_add_str(&out, "bundle", facts->bundle);
	if (facts->annotations.len > 0)
		json_add_map(&out, "annotations", &facts->annotations);
	buf_add_char(&out, '}');
	return buf_take(&out);
}
