/* SPDX-License-Identifier: Apache-2.0 */
/* export: what a container sees, as an archive. */
#include "base/mem.h"
#include "engine/changes.h"
#include "engine/collect.h"
#include "engine/engine.h"
#include "sys/fd.h"

int engine_export(struct engine *engine, const char *reference, int out_fd, struct err *err)
{
	AUTO(struct container, container_done) container = { 0 }, again = { 0 };
	if (container_find(&engine->store, reference, &container, err) < 0)
		return -1;
	AUTO_FD view_fd = changes_open_view(engine, &container, err);
	if (view_fd < 0)
		return -1;
	AUTO_FREE struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	tar_init(tar, out_fd, 0);
	if (collect_tree(tar, view_fd, false, err) < 0)
		return -1;
	/* Files that went away with it would be missing without a word. */
	if (container_find(&engine->store, container.id, &again, NULL) < 0)
		return err_set(err, ERR_CONFLICT, "container %s was removed meanwhile",
			       container.name);
	return tar_finish(tar, err);
}
