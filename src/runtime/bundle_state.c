/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks and records of the containers that `onggi-runtime` runs. The lock dies with its owner, so
 * a lock that can be had means a container that has ended; what its record names (only the control
 * group outlives the processes) is then anybody's to remove.
 */
#include "runtime/bundle_state.h"

#include "base/json.h"
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/lock.h"
#include "sys/rooted.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ID_MAX                   200 /* a file name, with room for that of a temporary file */
#define LOCK_TIMEOUT_MS          500 /* longer than a sweep that finds the lock of a newcomer */
#define STATE_MAX_BYTES          (1u << 20)
#define CGROUP_REMOVE_TIMEOUT_MS 5000

static int check_id(const char *id, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+-.";
	size_t len = strlen(id);
	if (len == 0 || len > ID_MAX || strspn(id, letters) != len || strcmp(id, ".") == 0 ||
	    strcmp(id, "..") == 0)
		return err_set(err, ERR_INVALID,
			       "invalid container ID \"%.64s\": 1 to %d of the characters a-z, "
			       "A-Z, 0-9, _, +, - and .",
			       id, ID_MAX);
	return 0;
}

static int open_directories(const char *root_path, struct bundle_state *out, struct err *err)
{
	AUTO_FD slash_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *here = root_path[0] != '/' ? getcwd(NULL, 0) : NULL;
	AUTO_FREE char *path = here != NULL ? mem_printf("%s/%s", here, root_path)
					    : mem_strdup(root_path);
	if (slash_fd < 0)
		return err_sys(err, "open /");
	out->root_fd = rooted_mkdirs(slash_fd, path, 0700, err);
	if (out->root_fd < 0)
		return err_context(err, "state directory %s", root_path);
	out->locks_fd = file_open_dir(out->root_fd, "locks", 0700, err);
	out->state_fd = file_open_dir(out->root_fd, "state", 0700, err);
	return out->locks_fd < 0 || out->state_fd < 0 ? -1 : 0;
}

static void remove_cgroup(const char *path, const struct cgroup_layout *layout)
{
	struct cgroup cgroup;
	if (cgroup_open(layout, path, &cgroup, NULL) < 0)
		return;
	cgroup_kill(&cgroup, NULL);
	cgroup_remove(&cgroup, CGROUP_REMOVE_TIMEOUT_MS, NULL);
	cgroup_done(&cgroup);
}

/* The lock of `id` is ours, and its owner is dead. */
static void clean_up_after(const struct bundle_state *state, const char *id,
			   const struct cgroup_layout *layout)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *path = NULL;
	struct json_source source = { .what = id, .max_bytes = STATE_MAX_BYTES };
	if (file_read(state->state_fd, id, STATE_MAX_BYTES, &text, NULL) < 0)
		return;
	if (json_parse_strict(buf_str(&text), text.len, &source, &doc, NULL) == 0) {
		struct json_at root = json_root(doc);
		if (json_get_str(&root, "cgroupsPath", &path, NULL) > 0)
			remove_cgroup(path, layout);
	}
	unlinkat(state->state_fd, id, 0);
}

int bundle_state_take(const char *root_path, const char *id, const struct cgroup_layout *layout,
		      struct bundle_state *out, struct err *err)
{
	AUTO(struct bundle_state, bundle_state_done)
	state = { .root_fd = -1, .locks_fd = -1, .state_fd = -1, .lock_fd = -1 };
	if (check_id(id, err) < 0 || open_directories(root_path, &state, err) < 0)
		return -1;
	state.id = mem_strdup(id);
	state.lock_fd = lock_take(state.locks_fd, id, LOCK_EXCLUSIVE, LOCK_TIMEOUT_MS, err);
	if (state.lock_fd < 0)
		return err_context(err, "container with ID %s exists already", id);
	clean_up_after(&state, id, layout);
	*out = state;
	state = (struct bundle_state){
		.root_fd = -1, .locks_fd = -1, .state_fd = -1, .lock_fd = -1
	};
	return 0;
}

int bundle_state_save(const struct bundle_state *state, const char *json, struct err *err)
{
	return file_replace(state->state_fd, state->id, json, strlen(json), 0600, FILE_VOLATILE,
			    err);
}

/* ".ID.new-RANDOM", half a file_replace(): its writer holds the lock of ID while it is one. */
static void remove_temporary(const struct bundle_state *state, const char *name)
{
	AUTO_FD lock_fd = -1;
	const char *end = name[0] == '.' ? strstr(name + 1, ".new-") : NULL;
	if (end == NULL)
		return;
	AUTO_FREE char *id = mem_strndup(name + 1, (size_t)(end - name - 1));
	bool is_ours = strcmp(id, state->id) == 0;
	if (!is_ours && (check_id(id, NULL) < 0 ||
			 (faccessat(state->locks_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0 &&
			  lock_try(state->locks_fd, id, LOCK_EXCLUSIVE, &lock_fd, NULL) <= 0)))
		return;
	unlinkat(state->state_fd, name, 0);
}

static void sweep_temporaries(const struct bundle_state *state)
{
	int list_fd = openat(state->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL) {
		fd_close(&list_fd);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;)
		remove_temporary(state, entry->d_name);
	closedir(list);
}

void bundle_state_sweep(const struct bundle_state *state, const struct cgroup_layout *layout)
{
	int list_fd = openat(state->locks_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
	if (list == NULL) {
		fd_close(&list_fd);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		AUTO_FD lock_fd = -1;
		const char *id = entry->d_name;
		if (check_id(id, NULL) < 0 || strcmp(id, state->id) == 0 ||
		    lock_try(state->locks_fd, id, LOCK_EXCLUSIVE, &lock_fd, NULL) <= 0)
			continue;
		clean_up_after(state, id, layout);
		unlinkat(state->locks_fd, id, 0);
	}
	closedir(list);
	sweep_temporaries(state);
}

void bundle_state_drop(struct bundle_state *state)
{
	if (state->lock_fd < 0)
		return;
	unlinkat(state->state_fd, state->id, 0);
	unlinkat(state->locks_fd, state->id, 0);
	fd_close(&state->lock_fd);
}

void bundle_state_done(struct bundle_state *state)
{
	free(ptr_take(&state->id));
	fd_close(&state->lock_fd);
	fd_close(&state->locks_fd);
	fd_close(&state->state_fd);
	fd_close(&state->root_fd);
}
