/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oci/summary.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "sys/host.h"

char *oci_user_name(uid_t uid)
{
	char *name = uid == 0 ? mem_strdup("root") : host_user_name(uid);
	return name != NULL ? name : mem_printf("%u", uid);
}

void oci_summary_json(const struct bundle_summary *summary, struct buf *out)
{
	AUTO_FREE char *owner = oci_user_name(summary->owner);
	buf_add_char(out, '{');
	json_add_str(out, "ociVersion", summary->oci_version);
	json_add_str(out, "id", summary->id);
	json_add_int(out, "pid", summary->pid);
	json_add_str(out, "status", bundle_status_name(summary->status));
	json_add_str(out, "bundle", summary->bundle);
	json_add_str(out, "rootfs", summary->rootfs);
	json_add_str(out, "created", summary->created);
	if (summary->annotations.len > 0)
		json_add_map(out, "annotations", &summary->annotations);
	json_add_str(out, "owner", owner);
	buf_add_char(out, '}');
}
