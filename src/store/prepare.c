/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the store's layout, and what a reboot asks for: the run root's leftovers go, the names
 * come back from the durable records, and what ran has ended. Serialised by the store lock; a
 * process killed in the middle leaves the boot mark unset, so that the next one starts over.
 */
#include "store/prepare.h"

#include "base/attr.h"
#include "base/mem.h"
#include "store/container_record.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int store_boot_id(char out[STORE_BOOT_ID_SIZE])
{
	AUTO_FD fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, out, STORE_BOOT_ID_SIZE - 1);
	if (n <= 0)
		return -1;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

int store_check_root(int fd, const char *path, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat %s", path);
	if (st.st_uid != geteuid()) {
		err_set(err, ERR_INVALID, "store %s belongs to user %u", path, st.st_uid);
		return err_hint(err, "use a directory of your own: --root, --run-root");
	}
	if ((st.st_mode & 077) != 0) {
		err_set(err, ERR_INVALID, "store %s is open to other users (mode %03o)", path,
			st.st_mode & 0777);
		return err_hint(err, "chmod 700 %s", path);
	}
	return 0;
}

/* mkdir -p, the last one 0700. */
static int make_root(const char *path, struct err *err)
{
	AUTO_FREE char *copy = mem_strdup(path);
	for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "make directory %s", copy);
		*slash = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make directory %s", copy);
	return 0;
}

static int open_root(int *fd, const char *path, const char *child, struct err *err)
{
	if (make_root(path, err) < 0)
		return -1;
	fd_close(fd);
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_sys(err, "open %s", path);
	/* An empty directory of our own that becomes a store is closed to others; one that is a
	 * store already and stands open is refused by the caller: somebody may have looked in. */
	struct stat st;
	if (faccessat(*fd, child, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && fstat(*fd, &st) == 0 &&
	    st.st_uid == geteuid() && fchmod(*fd, 0700) < 0)
		return err_sys(err, "close %s to others", path);
	return store_check_root(*fd, path, err);
}

static int make_dirs(int dir_fd, const char *const *names, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++)
		if (mkdirat(dir_fd, names[i], 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make directory %s", names[i]);
	return 0;
}

static int read_mark(int dir_fd, const char *name, char *out, size_t size)
{
	ssize_t n = readlinkat(dir_fd, name, out, size - 1);
	if (n < 0)
		return -1;
	out[n] = '\0';
	return 0;
}

static int write_mark(int dir_fd, const char *name, const char *value, struct err *err)
{
	if ((unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT) ||
	    symlinkat(value, dir_fd, name) < 0)
		return err_sys(err, "mark %s", name);
	return 0;
}

static bool has_entries(int dir_fd, const char *path)
{
	/* rmdir says it in one call, and an empty one may as well go. */
	return unlinkat(dir_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT;
}

/* The same directory may be spelled in several ways. */
static bool is_same_dir(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* One store, one run root: the locks of the containers are in it. */
static int check_run_root(const struct store *store, const char *boot_id, struct err *err)
{
	char other[PATH_MAX], mark[STORE_BOOT_ID_SIZE];
	if (read_mark(store->root_fd, "run-root", other, sizeof(other)) < 0 ||
	    is_same_dir(store->run_fd, other))
		return 0;
	AUTO_FD other_fd = open(other, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (other_fd < 0 || read_mark(other_fd, "boot", mark, sizeof(mark)) < 0 ||
	    strcmp(mark, boot_id) != 0 || !has_entries(other_fd, "containers"))
		return 0;
	err_set(err, ERR_CONFLICT, "its containers are in the run root %s, not %s", other,
		store->run_path);
	return err_hint(err, "use --run-root %s, or remove those containers first", other);
}

static int open_dir(int *fd, int parent_fd, const char *name, struct err *err)
{
	fd_close(fd);
	*fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd >= 0 ? 0 : err_sys(err, "open directory %s", name);
}

/* The run root is from another boot, or new to this store. */
static int begin_boot(struct store *store, const char *boot_id, struct err *err)
{
	static const char *const dirs[] = { "containers", "names", "cache", "cache/seccomp",
					    "mnt" };
	if (check_run_root(store, boot_id, err) < 0 ||
	    tree_remove(store->run_fd, "containers", err) < 0 ||
	    tree_remove(store->run_fd, "names", err) < 0 ||
	    make_dirs(store->run_fd, dirs, ARRAY_LEN(dirs), err) < 0 ||
	    open_dir(&store->containers_fd, store->root_fd, "containers", err) < 0 ||
	    open_dir(&store->run_containers_fd, store->run_fd, "containers", err) < 0 ||
	    container_after_boot(store, err) < 0)
		return -1;
	if (write_mark(store->root_fd, "run-root", store->run_path, err) < 0)
		return -1;
	return write_mark(store->run_fd, "boot", boot_id, err);
}

int store_prepare(struct store *store, struct err *err)
{
	static const char *const dirs[] = { "blobs", "blobs/sha256", "layers",  "images",
					    "refs",  "containers",   "staging", "quarantine" };
	char boot_id[STORE_BOOT_ID_SIZE], mark[STORE_BOOT_ID_SIZE], run_root[PATH_MAX];
	if (store_boot_id(boot_id) < 0)
		return err_sys(err, "read the boot id");
	if (open_root(&store->root_fd, store->root_path, "containers", err) < 0 ||
	    open_root(&store->run_fd, store->run_path, "containers", err) < 0)
		return -1;
	AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (lock_fd < 0)
		return -1;
	if (make_dirs(store->root_fd, dirs, ARRAY_LEN(dirs), err) < 0)
		return -1;
	fsync(store->root_fd); /* a lost empty directory is made again: no need to fail */
	bool is_current = read_mark(store->root_fd, "run-root", run_root, sizeof(run_root)) == 0 &&
			  is_same_dir(store->run_fd, run_root) &&
			  read_mark(store->run_fd, "boot", mark, sizeof(mark)) == 0 &&
			  strcmp(mark, boot_id) == 0 &&
			  faccessat(store->run_fd, "containers", F_OK, 0) == 0;
	return is_current ? 0 : begin_boot(store, boot_id, err);
}
