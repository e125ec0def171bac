/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a killed monitor leaves: its container's processes (if they outlived it), the cgroup, the
 * writable layer, the record. All of it is found from the record, which was written first.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/orphan.h"
#include "engine/paused.h"
#include "kernel/cgroup/cgroup.h"
#include "store/mount_mark.h"

#include <signal.h>
#include <string.h>

#define CGROUP_REMOVE_TIMEOUT_MS 5000

int orphan_kill_cgroup(const char *cgroup_path, bool remove, struct err *err)
{
	struct cgroup_layout layout;
	struct cgroup cgroup;
	if (cgroup_path == NULL || cgroup_path[0] == '\0')
		return 0;
	if (cgroup_layout_detect(NULL, &layout, err) < 0 ||
	    cgroup_open(&layout, cgroup_path, &cgroup, err) < 0)
		return -1;
	int result = cgroup_kill(&cgroup, err);
	if (result == 0 && remove)
		result = cgroup_remove(&cgroup, CGROUP_REMOVE_TIMEOUT_MS, err);
	cgroup_done(&cgroup);
	return result;
}

static int bury(const struct store *store, struct container *container,
		struct container_lease *lease, void *arg UNUSED, struct err *err)
{
	if (orphan_kill_cgroup(container->cgroup_path, true, err) < 0)
		return err_context(err, "clean up container %s", container->name);
	if (container->is_throwaway || container->status == CONTAINER_CREATED)
		return container_remove(store, container->id, lease, err);
	container->status = CONTAINER_EXITED;
	container->exit_code = 128 + SIGKILL;
	container->finished_ns = clock_realtime_ns();
	container->pid = container->monitor_pid = 0;
	free(container->error);
	container->error = mem_strdup("its monitor was killed, and the container with it");
	return container_save(store, lease, container, err);
}

int engine_recover(struct engine *engine, struct err *err)
{
	if (store_sweep_some(&engine->store, err) < 0 || paused_recover(&engine->store, err) < 0 ||
	    mount_mark_sweep(&engine->store, err) < 0)
		return -1;
	return container_each_orphan(&engine->store, bury, NULL, err);
}
