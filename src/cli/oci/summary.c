/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oci/summary.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define PASSWD_MAX (1u << 20)

/* Straight from the file: a static program has no name service. */
char *oci_user_name(uid_t uid)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FREE char *number = mem_printf("%u", uid);
	AUTO_FD etc_fd = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (uid == 0)
		return mem_strdup("root");
	if (etc_fd >= 0 && file_read(etc_fd, "passwd", PASSWD_MAX, &text, NULL) < 0)
		text.len = 0;
	char *rest = text.len > 0 ? text.data : NULL;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *name = strsep(&line, ":");
		strsep(&line, ":");
		const char *id = strsep(&line, ":");
		if (id != NULL && strcmp(id, number) == 0)
			return mem_strdup(name);
	}
	return ptr_take(&number);
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
