/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers on disk. The state directory is on a tmpfs as a rule, and what is in it dies with the
 * host, as containers do: records are replaced whole but not synced. Nothing here looks at a
 * configuration; what a record names is all that may be removed.
 */
#include "runtime/bundle/record.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/rdt/rdt.h"
#include "oci/spec_parse.h"
#include "runtime/bundle/facts.h"
#include "runtime/gate.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_MAX                   255 /* a file name */
#define LOCK_NEW_TIMEOUT_MS      500 /* longer than a sweep that finds the lock of a newcomer */
#define LOCK_TIMEOUT_MS          10000
#define CGROUP_REMOVE_TIMEOUT_MS 5000

#define RECORD "state.json"
#define CONFIG "config.json"

static int check_id(const char *id, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t len = strlen(id);
	if (len == 0 || len > ID_MAX || strspn(id, letters) != len || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return err_set(err, ERR_INVALID,
			       "invalid container ID format: \"%.64s\": 1 to %d of the characters "
			       "a-z, A-Z, 0-9, _, +, - and .",
			       id, ID_MAX);
	return 0;
}

/* An absolute path of the state directory; owned. */
static char *absolute(const char *path)
{
	AUTO_FREE char *here = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	return here != NULL ? mem_printf("%s/%s", here, path) : mem_strdup(path);
}

static int make_directories(const char *state_path, struct record *out, struct err *err)
{
	AUTO_FD slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *path = absolute(state_path);
	if (slash_fd < 0)
		return err_sys(err, "open /");
	out->root_fd = rooted_mkdirs(slash_fd, path, 0700, err);
	if (out->root_fd < 0)
		return err_context(err, "state directory %s", state_path);
	out->locks_fd = file_open_dir(out->root_fd, "locks", 0700, err);
	out->state_fd = file_open_dir(out->root_fd, "state", 0700, err);
	return out->locks_fd < 0 || out->state_fd < 0 ? -1 : 0;
}

/* @return 1, 0 when there are none, -1 */
static int open_directories(const char *state_path, struct record *out, struct err *err)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	out->root_fd = open(state_path, flags);
	out->state_fd = out->root_fd < 0 ? -1 : openat(out->root_fd, "state", flags | O_NOFOLLOW);
	out->locks_fd = out->state_fd < 0 ? -1 : openat(out->root_fd, "locks", flags | O_NOFOLLOW);
	if (out->locks_fd >= 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(err, "open the state directory %s", state_path);
}

int record_save(const struct record *record, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	facts_format(&record->facts, record->id, &out);
	return file_replace(record->dir_fd, RECORD, buf_str(&out), out.len, 0600, FILE_VOLATILE,
			    err);
}

/* Absent: a killed runtime had just made the directory. */
static int load(struct record *record, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	struct record_facts facts;
	AUTO_FREE char *what = mem_printf("state of container %s", record->id);
	struct err why = { 0 };
	if (file_read(record->dir_fd, RECORD, FACTS_MAX_BYTES, &text, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (facts_parse(&text, what, &facts, err) < 0)
		return -1;
	facts_done(&record->facts);
	record->facts = facts;
	return 0;
}

/* @return 1, 0 when there is none, -1: then it may well be there */
static int open_dir(struct record *record, struct err *err)
{
	record->dir_fd = openat(record->state_fd, record->id,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (record->dir_fd >= 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(err, "open the state of container %s", record->id);
}

static int need_dir(struct record *record, struct err *err)
{
	int found = open_dir(record, err);
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "container does not exist: %s", record->id);
	return found < 0 ? -1 : 0;
}

int record_mark(const struct record *record, const char *mark, struct err *err)
{
	AUTO_FD fd = openat(record->dir_fd, mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			    0600);
	return fd >= 0 ? 0 : err_sys(err, "make the file %s", mark);
}

void record_unmark(const struct record *record, const char *mark)
{
	unlinkat(record->dir_fd, mark, 0);
}

bool record_is_marked(const struct record *record, const char *mark)
{
	return faccessat(record->dir_fd, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_half_made(const struct record *record)
{
	return record->facts.init.pid == 0 || record_is_marked(record, RECORD_MAKING);
}

bool record_is_abandoned(const struct record *record)
{
	const struct record_facts *facts = &record->facts;
	AUTO_FD init_fd = -1;
	AUTO_FD monitor_fd = -1;
	if (process_mark_open(&facts->init, &init_fd, NULL) != 0)
		return false;
	if (facts->monitor.pid == 0)
		return is_half_made(record);
	return process_mark_open(&facts->monitor, &monitor_fd, NULL) == 0;
}

static void stop_unit(const struct record *record)
{
	struct err err = { 0 };
	if (record->facts.unit.unit != NULL && scope_stop(&record->facts.unit, &err) < 0)
		warn_say("container %s: %s", record->id, err.text);
}

int record_open_cgroup(const struct record *record, struct cgroup_layout *layout,
		       struct cgroup *out, struct err *err)
{
	const char *path = record->facts.cgroup_path;
	if (path == NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "container %s has no control group: its processes cannot be "
			       "counted, limited or frozen",
			       record->id);
	return cgroup_layout_detect(path, layout, err) < 0 ? -1
							   : cgroup_open(layout, path, out, err);
}

int record_remove_cgroup(const struct record *record, const struct cgroup_layout *layout,
			 struct err *err)
{
	struct cgroup cgroup;
	if (record->facts.cgroup_path == NULL) {
		stop_unit(record);
		return 0;
	}
	if (cgroup_open(layout, record->facts.cgroup_path, &cgroup, err) < 0) {
		stop_unit(record);
		return -1;
	}
	int result = cgroup_kill(&cgroup, err);
	stop_unit(record);
	if (result == 0)
		result = cgroup_remove(&cgroup, CGROUP_REMOVE_TIMEOUT_MS, err);
	cgroup_done(&cgroup);
	return result;
}

void record_remove_class(const struct record *record)
{
	const char *group = record->facts.class_group;
	AUTO_FD root_fd = group != NULL ? rdt_open(NULL) : -1;
	if (root_fd >= 0)
		rdt_remove(root_fd, group, NULL);
}

/* The lock is ours. What is there is in use, or what a killed owner left. */
static int reclaim(struct record *record, const struct cgroup_layout *layout, struct err *err)
{
	int found = open_dir(record, err);
	if (found <= 0)
		return found;
	if (load(record, err) < 0)
		return -1;
	if (!record_is_abandoned(record))
		return err_set(err, ERR_CONFLICT, "container with given ID already exists: %s",
			       record->id);
	if (record_remove_cgroup(record, layout, err) < 0)
		return -1;
	record_remove_class(record);
	facts_done(&record->facts);
	fd_close(&record->dir_fd);
	return tree_remove(record->state_fd, record->id, err);
}

int record_take(const char *state_path, const char *id, const struct cgroup_layout *layout,
		struct record *out, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (check_id(id, err) < 0 || make_directories(state_path, &record, err) < 0)
		return -1;
	record.id = mem_strdup(id);
	record.lock_fd = lock_take(record.locks_fd, id, LOCK_EXCLUSIVE, LOCK_NEW_TIMEOUT_MS, err);
	if (record.lock_fd < 0)
		return err_context(err, "container with given ID already exists: %s", id);
	if (reclaim(&record, layout, err) < 0)
		return -1;
	record.dir_fd = file_open_dir(record.state_fd, id, 0700, err);
	if (record.dir_fd < 0) {
		unlinkat(record.state_fd, id, AT_REMOVEDIR); /* it may have been made */
		return -1;
	}
	*out = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

/* A delete that was killed in its last moment leaves a lock that nobody holds: ours now, it goes
 * with the record's end. */
static void remove_free_lock(struct record *record)
{
	if (faccessat(record->locks_fd, record->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		(void)lock_try(record->locks_fd, record->id, LOCK_EXCLUSIVE, &record->lock_fd,
			       NULL);
}

int record_open(const char *state_path, const char *id, bool is_locked, struct record *out,
		struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	if (check_id(id, err) < 0)
		return -1;
	record.id = mem_strdup(id);
	int found = open_directories(state_path, &record, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "container does not exist: %s", id);
	if (need_dir(&record, err) < 0) {
		if (is_locked)
			remove_free_lock(&record);
		return -1;
	}
	if (is_locked) {
		record.lock_fd = lock_take(record.locks_fd, id, LOCK_EXCLUSIVE, LOCK_TIMEOUT_MS,
					   err);
		if (record.lock_fd < 0)
			return err_context(err, "container %s", id);
		/* Somebody may have taken it away while we waited. */
		fd_close(&record.dir_fd);
		if (need_dir(&record, err) < 0)
			return -1;
	}
	if (load(&record, err) < 0)
		return -1;
	*out = record;
	record = (struct record)RECORD_INIT;
	return 0;
}

int record_save_config(const struct record *record, const struct buf *text, struct err *err)
{
	return file_replace(record->dir_fd, CONFIG, text->data, text->len, 0600, FILE_VOLATILE,
			    err);
}

int record_read_config(const struct record *record, struct buf *out, struct err *err)
{
	if (file_read(record->dir_fd, CONFIG, SPEC_JSON_MAX, out, err) < 0)
		return err_context(err, "container %s", record->id);
	return 0;
}

int record_drop(struct record *record, struct err *err)
{
	if (record->lock_fd < 0)
		return 0;
	fd_close(&record->dir_fd);
	if (tree_remove(record->state_fd, record->id, err) < 0)
		return -1;
	record->facts.monitor.pid = 0;
	record_unlock(record);
	return 0;
}

void record_unlock(struct record *record)
{
	if (record->lock_fd < 0)
		return;
	if (record->facts.monitor.pid == 0)
		unlinkat(record->locks_fd, record->id, 0);
	fd_close(&record->lock_fd);
}

int record_relock(struct record *record, struct err *err)
{
	if (record->lock_fd >= 0)
		return 0;
	record->lock_fd = lock_take(record->locks_fd, record->id, LOCK_EXCLUSIVE, LOCK_TIMEOUT_MS,
				    err);
	if (record->lock_fd < 0)
		return -1;
	if (faccessat(record->state_fd, record->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	record->facts.monitor.pid = 0;
	record_unlock(record);
	return err_set(err, ERR_NOT_FOUND, "container does not exist: %s", record->id);
}

void record_close(struct record *record)
{
	record_unlock(record);
	fd_close(&record->root_fd);
	fd_close(&record->locks_fd);
	fd_close(&record->state_fd);
	fd_close(&record->dir_fd);
	free(ptr_take(&record->id));
	facts_done(&record->facts);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a directory that are ids, sorted. */
static int list_ids(int dir_fd, struct strv *out, struct err *err)
{
	int list_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL) {
		fd_close(&list_fd);
		return err_sys(err, "list the state directory");
	}
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
		if (check_id(entry->d_name, NULL) == 0)
			strv_add(out, entry->d_name);
	closedir(list);
	if (out->len > 1)
		qsort(out->items, out->len, sizeof(out->items[0]), compare_ids);
	return 0;
}

static void sweep_one(const struct record *ours, const char *id, const struct cgroup_layout *layout)
{
	AUTO(struct record, record_close) other = RECORD_INIT;
	other.id = mem_strdup(id);
	other.locks_fd = fcntl(ours->locks_fd, F_DUPFD_CLOEXEC, 3);
	other.state_fd = fcntl(ours->state_fd, F_DUPFD_CLOEXEC, 3);
	if (lock_try(other.locks_fd, id, LOCK_EXCLUSIVE, &other.lock_fd, NULL) <= 0 ||
	    open_dir(&other, NULL) <= 0 || load(&other, NULL) < 0 || !record_is_abandoned(&other))
		return;
	/* Else the next one tries again. */
	if (record_remove_cgroup(&other, layout, NULL) < 0)
		return;
	record_remove_class(&other);
	record_drop(&other, NULL);
}

void record_sweep(const struct record *record, const struct cgroup_layout *layout)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (list_ids(record->locks_fd, &ids, NULL) < 0)
		return;
	for (size_t i = 0; i < ids.len; i++)
		if (strcmp(ids.items[i], record->id) != 0)
			sweep_one(record, ids.items[i], layout);
}

int record_ids(const char *state_path, struct strv *out, struct err *err)
{
	AUTO(struct record, record_close) record = RECORD_INIT;
	int found = open_directories(state_path, &record, err);
	return found <= 0 ? found : list_ids(record.state_fd, out, err);
}
