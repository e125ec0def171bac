/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id maps: checked here, so that the error names the line, and written whole, because a map can be
 * written once. Also a user namespace that exists only as a descriptor, for idmapped mounts.
 * Kernel: 5.10. The text of a map must be shorter than a page.
 */
#include "kernel/ns/ns.h"

#include "base/mem.h"
#include "kernel/ns/privilege.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_STACK_BYTES 16384

static const char *const kind_names[] = { [NS_UID] = "uid", [NS_GID] = "gid" };

static bool ranges_overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
	return (uint64_t)a < (uint64_t)b + b_count && (uint64_t)b < (uint64_t)a + a_count;
}

static int check_line(const struct ns_id_map *map, const char *kind, struct err *err)
{
	if (map->count == 0)
		return err_set(err, ERR_INVALID, "%s map: an empty range at %" PRIu32, kind,
			       map->inside);
	/* The last id, 4294967295, is "no id" and cannot be mapped. */
	if ((uint64_t)map->inside + map->count > UINT32_MAX ||
	    (uint64_t)map->outside + map->count > UINT32_MAX)
		return err_set(err, ERR_INVALID,
			       "%s map: %" PRIu32 " ids from %" PRIu32 " on %" PRIu32
			       " go beyond the last id",
			       kind, map->count, map->inside, map->outside);
	return 0;
}

int ns_check_id_map(enum ns_id_kind kind_id, const struct ns_id_map *maps, size_t len,
		    struct err *err)
{
	const char *kind = kind_names[kind_id];
	if (len == 0)
		return err_set(err, ERR_INVALID, "%s map: no lines", kind);
	if (len > NS_ID_MAP_MAX)
		return err_set(err, ERR_INVALID, "%s map: %zu lines, the kernel takes %d", kind,
			       len, NS_ID_MAP_MAX);
	for (size_t i = 0; i < len; i++) {
		if (check_line(&maps[i], kind, err) < 0)
			return -1;
		for (size_t k = 0; k < i; k++)
			if (ranges_overlap(maps[i].inside, maps[i].count, maps[k].inside,
					   maps[k].count) ||
			    ranges_overlap(maps[i].outside, maps[i].count, maps[k].outside,
					   maps[k].count))
				return err_set(err, ERR_INVALID,
					       "%s map: lines %zu and %zu overlap", kind, k + 1,
					       i + 1);
	}
	return 0;
}

/* @return 0, or -1 with errno */
static int write_proc(pid_t pid, const char *name, const char *text, size_t len)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	return write(fd, text, len) < 0 ? -1 : 0;
}

int ns_write_id_map(pid_t pid, enum ns_id_kind kind, const struct ns_id_map *maps, size_t len,
		    struct err *err)
{
	const char *name = kind == NS_UID ? "uid_map" : "gid_map";
	if (ns_check_id_map(kind, maps, len, err) < 0)
		return -1;
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; i < len; i++)
		buf_addf(&text, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", maps[i].inside,
			 maps[i].outside, maps[i].count);
	long page_bytes = sysconf(_SC_PAGESIZE);
	if (text.len >= (size_t)page_bytes)
		return err_set(err, ERR_INVALID,
			       "%s map: its text has %zu bytes, the kernel takes less than %ld",
			       kind_names[kind], text.len, page_bytes);
	if (write_proc(pid, name, text.data, text.len) == 0)
		return 0;
	/* Without CAP_SETGID the kernel wants setgroups(2) given up first: user_namespaces(7). */
	if (errno == EPERM && kind == NS_GID && write_proc(pid, "setgroups", "deny", 4) == 0 &&
	    write_proc(pid, name, text.data, text.len) == 0)
		return 0;
	err_sys(err, "write the %s map of process %d", kind_names[kind], (int)pid);
	ns_explain_refusal(err);
	return err_hint(err, "ids outside are those of the caller's user namespace; without rights "
			     "it can map only its own, in one line");
}

bool ns_map_id(const struct ns_id_map *maps, size_t len, uint32_t inside, uint32_t *out_outside)
{
	for (size_t i = 0; i < len; i++) {
		if (inside < maps[i].inside || inside - maps[i].inside >= maps[i].count)
			continue;
		*out_outside = maps[i].outside + (inside - maps[i].inside);
		return true;
	}
	return false;
}

static int exit_at_once(void *unused)
{
	(void)unused;
	return 0;
}

int ns_open_user_with_maps(const struct ns_id_map *uid_maps, size_t uid_len,
			   const struct ns_id_map *gid_maps, size_t gid_len, struct err *err)
{
	/*
	 * The child has exited when clone returns. As a zombie it still has its credentials, and
	 * with them its user namespace, and its directory in /proc: enough to write the maps and to
	 * open the namespace. So nobody waits for anybody and nothing is copied. Exit signal 0: it
	 * stays a zombie until we reap it, even where SIGCHLD is ignored, and no handler runs.
	 */
	AUTO_FREE char *stack = mem_alloc(1, CHILD_STACK_BYTES);
	pid_t pid = clone(exit_at_once, stack + CHILD_STACK_BYTES,
			  CLONE_VM | CLONE_VFORK | CLONE_NEWUSER, NULL);
	if (pid < 0)
		return err_sys(err, "make a user namespace for id maps");
	int fd = -1;
	if (ns_write_id_map(pid, NS_UID, uid_maps, uid_len, err) == 0 &&
	    ns_write_id_map(pid, NS_GID, gid_maps, gid_len, err) == 0)
		fd = ns_open_pid(NS_USER, pid, err);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	return fd;
}
