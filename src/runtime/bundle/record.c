/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers on disk. The state directory is on a tmpfs as a rule, and what is in it dies with the
 * host, as containers do: records are replaced whole but not synced. Nothing here looks at a
 * configuration; what a record names is all that may be removed.
 */
#include "runtime/bundle/record.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/warn.h"
#include "oci/spec_parse.h"
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
#define RECORD_MAX_BYTES         (4u << 20)
#define CGROUP_REMOVE_TIMEOUT_MS 5000

#define RECORD "state.json"
#define CONFIG "config.json"
#define MAKING "making"

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

static void record_facts_done(struct record_facts *facts)
{
	free(facts->oci_version);
	free(facts->bundle);
	free(facts->rootfs);
	free(facts->created);
	free(facts->cgroup_path);
	scope_done(&facts->unit);
	strv_done(&facts->annotations);
	*facts = (struct record_facts){ 0 };
}

static void add_mark(struct buf *out, const char *key, const struct process_mark *mark)
{
	if (mark->pid == 0)
		return;
	json_add_key(out, key);
	buf_add_char(out, '{');
	json_add_int(out, "pid", mark->pid);
	json_add_uint(out, "startTicks", mark->start_ticks);
	buf_add_char(out, '}');
}

int record_save(const struct record *record, struct err *err)
{
	const struct record_facts *facts = &record->facts;
	AUTO(struct buf, buf_done) out = { 0 };
	buf_add_char(&out, '{');
	json_add_str(&out, "ociVersion", facts->oci_version);
	json_add_str(&out, "id", record->id);
	json_add_str(&out, "bundle", facts->bundle);
	json_add_str(&out, "rootfs", facts->rootfs);
	json_add_str(&out, "created", facts->created);
	json_add_uint(&out, "owner", facts->owner);
	json_add_str(&out, "cgroupsPath", facts->cgroup_path);
	json_add_str(&out, "systemdUnit", facts->unit.unit);
	json_add_true(&out, "systemdUser", facts->unit.is_user);
	add_mark(&out, "init", &facts->init);
	add_mark(&out, "monitor", &facts->monitor);
	json_add_true(&out, "hasClass", facts->has_class);
	json_add_true(&out, "hasPoststart", facts->has_poststart);
	json_add_true(&out, "hasPoststop", facts->has_poststop);
	json_add_true(&out, "sharesPids", facts->shares_pids);
	json_add_true(&out, "noPivot", facts->has_chroot);
	json_add_true(&out, "noNewKeyring", facts->no_new_keyring);
	if (facts->annotations.len > 0)
		json_add_map(&out, "annotations", &facts->annotations);
	buf_add_str(&out, "}\n");
	return file_replace(record->dir_fd, RECORD, buf_str(&out), out.len, 0600, FILE_VOLATILE,
			    err);
}

static int read_mark(const struct json_at *root, const char *key, struct process_mark *out,
		     struct err *err)
{
	struct json_at at;
	int64_t pid = 0;
	int found = json_get_object(root, key, &at, err);
	if (found <= 0)
		return found;
	if (json_need(json_get_int64(&at, "pid", &pid, err), &at, "pid", err) < 0 ||
	    json_need(json_get_uint64(&at, "startTicks", &out->start_ticks, err), &at, "startTicks",
		      err) < 0)
		return -1;
	if (pid <= 0 || pid > INT32_MAX)
		return json_err(&at, err, "no process id");
	out->pid = (pid_t)pid;
	return 1;
}

static int read_facts(const struct json_at *root, struct record_facts *out, struct err *err)
{
	uint32_t owner = 0;
	if (json_get_str(root, "ociVersion", &out->oci_version, err) < 0 ||
	    json_get_str(root, "bundle", &out->bundle, err) < 0 ||
	    json_get_str(root, "rootfs", &out->rootfs, err) < 0 ||
	    json_get_str(root, "created", &out->created, err) < 0 ||
	    json_get_str(root, "cgroupsPath", &out->cgroup_path, err) < 0 ||
	    json_get_str(root, "systemdUnit", &out->unit.unit, err) < 0 ||
	    json_get_bool(root, "systemdUser", &out->unit.is_user, err) < 0 ||
	    json_get_uint32(root, "owner", &owner, err) < 0 ||
	    read_mark(root, "init", &out->init, err) < 0 ||
	    read_mark(root, "monitor", &out->monitor, err) < 0 ||
	    json_get_bool(root, "hasClass", &out->has_class, err) < 0 ||
	    json_get_bool(root, "hasPoststart", &out->has_poststart, err) < 0 ||
	    json_get_bool(root, "hasPoststop", &out->has_poststop, err) < 0 ||
	    json_get_bool(root, "sharesPids", &out->shares_pids, err) < 0 ||
	    json_get_bool(root, "noPivot", &out->has_chroot, err) < 0 ||
	    json_get_bool(root, "noNewKeyring", &out->no_new_keyring, err) < 0 ||
	    json_get_map(root, "annotations", &out->annotations, err) < 0)
		return -1;
	out->owner = owner;
	return 0;
}

/* Absent: a killed runtime had just made the directory. */
static int load(struct record *record, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct record_facts, record_facts_done) facts = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *what = mem_printf("state of container %s", record->id);
	struct json_source source = { .what = what, .max_bytes = RECORD_MAX_BYTES };
	struct err why = { 0 };
	if (file_read(record->dir_fd, RECORD, RECORD_MAX_BYTES, &text, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return 0;
		if (err != NULL)
			*err = why;
		return -1;
	}
	if (json_parse_strict(buf_str(&text), text.len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (read_facts(&root, &facts, err) < 0)
		return err_context(err, "%s", what);
	record_facts_done(&record->facts);
	record->facts = facts;
	facts = (struct record_facts){ 0 };
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

int record_begin_making(const struct record *record, struct err *err)
{
	AUTO_FD fd = openat(record->dir_fd, MAKING, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			    0600);
	return fd >= 0 ? 0 : err_sys(err, "make the file %s", MAKING);
}

void record_end_making(const struct record *record)
{
	unlinkat(record->dir_fd, MAKING, 0);
}

static bool is_half_made(const struct record *record)
{
	return record->facts.init.pid == 0 ||
	       faccessat(record->dir_fd, MAKING, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
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
	return cgroup_layout_detect(layout, err) < 0 ? -1 : cgroup_open(layout, path, out, err);
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
	record_facts_done(&record->facts);
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
	record_facts_done(&record->facts);
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
	if (record_remove_cgroup(&other, layout, NULL) == 0)
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
