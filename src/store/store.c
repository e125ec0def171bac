/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the store. On the way of a start this is twelve system calls and no directory is read;
 * making the layout, and tidying up after a reboot, is prepare.c's.
 */
#include "store/store.h"

#include "base/mem.h"
#include "store/prepare.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define OPEN_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

void store_close(struct store *store)
{
	int *fds[] = { &store->root_fd, &store->run_fd, &store->layers_fd, &store->containers_fd,
		       &store->run_containers_fd };
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fd_close(fds[i]);
	free(store->root_path);
	free(store->run_path);
	store->root_path = store->run_path = NULL;
}

/* @return 0, or -1 with errno: ENOENT means that it has to be made */
static int open_all(struct store *store)
{
	struct {
		int *fd;
		int at;
		const char *path;
	} dirs[] = {
		{ &store->layers_fd, store->root_fd, "layers" },
		{ &store->containers_fd, store->root_fd, "containers" },
		{ &store->run_containers_fd, store->run_fd, "containers" },
	};
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		fd_close(dirs[i].fd);
		*dirs[i].fd = openat(dirs[i].at, dirs[i].path, OPEN_FLAGS | O_NOFOLLOW);
		if (*dirs[i].fd < 0)
			return -1;
	}
	return 0;
}

/* The locks and names of the store's containers are in one run root: is it this one? */
static bool is_own_run_root(const struct store *store)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(store->root_fd, "run-root", path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strcmp(path, store->run_path) == 0;
}

/* Does the run root belong to this boot? A tmpfs cannot outlive it, so that its mark is enough. */
static bool is_this_boot(int run_fd)
{
	char mark[64];
	ssize_t n = readlinkat(run_fd, "boot", mark, sizeof(mark) - 1);
	if (n <= 0)
		return false;
	mark[n] = '\0';
	struct statfs fs;
	if (fstatfs(run_fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		return true;
	char boot_id[STORE_BOOT_ID_SIZE];
	return store_boot_id(boot_id) == 0 && strcmp(mark, boot_id) == 0;
}

int store_open(const char *root_path, const char *run_path, struct store *out, struct err *err)
{
	if (root_path[0] != '/' || run_path[0] != '/')
		return err_set(err, ERR_INVALID, "store %s: the path is not absolute",
			       root_path[0] != '/' ? root_path : run_path);
	AUTO(struct store, store_close)
	store = {
		.root_fd = open(root_path, OPEN_FLAGS),
		.run_fd = open(run_path, OPEN_FLAGS),
		.layers_fd = -1,
		.containers_fd = -1,
		.run_containers_fd = -1,
		.root_path = mem_strdup(root_path),
		.run_path = mem_strdup(run_path),
	};
	bool is_ready = store.root_fd >= 0 && store.run_fd >= 0 && is_own_run_root(&store) &&
			is_this_boot(store.run_fd) && open_all(&store) == 0;
	if (!is_ready && store_prepare(&store, err) < 0)
		return err_context(err, "open store %s", root_path);
	if (is_ready && (store_check_root(store.root_fd, root_path, err) < 0 ||
			 store_check_root(store.run_fd, run_path, err) < 0))
		return -1;
	if (!is_ready && open_all(&store) < 0)
		return err_sys(err, "open store %s", root_path);
	*out = store;
	store = (struct store){ .root_fd = -1,
				.run_fd = -1,
				.layers_fd = -1,
				.containers_fd = -1,
				.run_containers_fd = -1 };
	return 0;
}

int store_lock(const struct store *store, enum lock_mode mode, struct err *err)
{
	return lock_take(store->root_fd, "lock", mode, STORE_LOCK_TIMEOUT_MS, err);
}
