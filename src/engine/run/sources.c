/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of binds before anything is made: a missing directory is made where Docker makes it, and
 * events that could never arrive are refused instead of waited for.
 */
#include "engine/run/sources.h"

#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNTINFO_MAX (16u << 20)

/* -v makes a host directory that is missing; --mount says it is missing. */
static int make_source(const struct run_mount *mount, struct err *err)
{
	struct stat st;
	if (stat(mount->source, &st) == 0)
		return 0;
	if (!mount->make_source || errno != ENOENT)
		return err_set(err, ERR_INVALID,
			       "invalid mount config for type \"bind\": bind source path "
			       "does not exist: %s",
			       mount->source);
	AUTO_FD root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD made_fd = rooted_mkdirs(root_fd, mount->source, 0755, err);
	return made_fd < 0 ? err_context(err, "bind source") : 0;
}

/* The optional fields of the source's mount ("shared:1 master:2 "), proc_pid_mountinfo(5).
 * @return false: not found */
static bool find_propagation(const char *source, char *out, size_t size, struct err *err)
{
	struct statx stx;
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, MOUNTINFO_MAX, "mountinfo", &text, err) < 0 ||
	    statx(AT_FDCWD, source, 0, STATX_MNT_ID, &stx) < 0 || !(stx.stx_mask & STATX_MNT_ID))
		return false;
	char start[32];
	int start_len = snprintf(start, sizeof(start), "%llu ", (unsigned long long)stx.stx_mnt_id);
	for (const char *line = buf_str(&text); line != NULL && *line != '\0';) {
		const char *end = strstr(line, " - ");
		if (end != NULL && strncmp(line, start, (size_t)start_len) == 0) {
			snprintf(out, size, "%.*s", (int)(end - line), line);
			return true;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return false;
}

static int check_propagation(const struct run_mount *mount, struct err *err)
{
	const char *wanted = mount->propagation;
	bool needs_shared = wanted != NULL && strstr(wanted, "shared") != NULL;
	bool needs_either = wanted != NULL && strstr(wanted, "slave") != NULL;
	char line[4096];
	if ((!needs_shared && !needs_either) ||
	    !find_propagation(mount->source, line, sizeof(line), NULL))
		return 0;
	bool is_shared = strstr(line, " shared:") != NULL;
	bool is_slave = strstr(line, " master:") != NULL;
	if (is_shared || (needs_either && is_slave))
		return 0;
	return err_set(err, ERR_INVALID, "mount %s: %s: the mount that %s lies on is not shared%s",
		       mount->target, wanted, mount->source, needs_either ? " or a slave" : "");
}

int run_sources_prepare(const struct run_options *options, struct err *err)
{
	for (size_t i = 0; i < options->mounts_len; i++) {
		const struct run_mount *mount = &options->mounts[i];
		if (mount->type != RUN_MOUNT_BIND)
			continue;
		if (make_source(mount, err) < 0 || check_propagation(mount, err) < 0)
			return -1;
	}
	return 0;
}
