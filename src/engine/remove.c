/* SPDX-License-Identifier: Apache-2.0 */
/* rm: a container and all that is its own. */
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/orphan.h"
#include "sys/fd.h"
#include "sys/lock.h"
#include "sys/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MONITOR_TIMEOUT_MS 10000

/* The payload by pid, for containers without a cgroup of their own: only while its monitor holds
 * the lock, so that the pid cannot have been given to somebody else before we have the pidfd. */
static int kill_payload(struct engine *engine, const struct container *container, struct err *err)
{
	if (container->pid <= 0)
		return 0;
	AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, container->pid, 0);
	if (pidfd < 0 || container_is_watched(&engine->store, container->id, err) != 1)
		return 0;
	return process_signal(pidfd, SIGKILL, err);
}

/* Its monitor sees the death, cleans up, and lets go of the lock. */
static int await_monitor(struct engine *engine, const struct container *container, struct err *err)
{
	AUTO_FREE char *lock = mem_printf("%s/lock", container->id);
	struct err why = { 0 };
	AUTO_FD lock_fd = lock_take(engine->store.run_containers_fd, lock, LOCK_SHARED,
				    MONITOR_TIMEOUT_MS, &why);
	if (lock_fd >= 0 || why.kind == ERR_NOT_FOUND || why.errnum == ENOENT)
		return 0;
	*err = why;
	return err_context(err, "container %s does not end", container->name);
}

static int end_container(struct engine *engine, const struct container *container, bool force,
			 struct err *err)
{
	if (!force) {
		err_set(err, ERR_CONFLICT, "cannot remove container \"%s\": container is running",
			container->name);
		return err_hint(err, "end it first, or force the removal with -f");
	}
	if (kill_payload(engine, container, err) < 0 ||
	    orphan_kill_cgroup(container->cgroup_path, false, err) < 0)
		return -1;
	return await_monitor(engine, container, err);
}

int engine_remove_container(struct engine *engine, const char *reference, bool force,
			    struct err *err)
{
	AUTO(struct container, container_done) container = { 0 };
	engine_recover(engine, NULL);
	if (container_find(&engine->store, reference, &container, err) < 0)
		return -1;
	int watched = container_is_watched(&engine->store, container.id, err);
	if (watched < 0 || (watched > 0 && end_container(engine, &container, force, err) < 0))
		return -1;
	struct err why = { 0 };
	if (container_remove(&engine->store, container.id, NULL, &why) == 0 ||
	    (why.kind == ERR_NOT_FOUND && container.is_throwaway))
		return 0;
	if (err != NULL)
		*err = why;
	return -1;
}
