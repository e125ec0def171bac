/* SPDX-License-Identifier: Apache-2.0 */
/* The names of containers. Names are checked against Docker's grammar first: no '/', no "..". */
#include "store/names.h"

#include "base/json.h"
#include "base/warn.h"
#include "store/record.h"
#include "store/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct name_path {
	char text[sizeof("names/") + 128];
};

static struct name_path name_path(const char *name)
{
	struct name_path path;
	snprintf(path.text, sizeof(path.text), "names/%s", name);
	return path;
}

int names_lookup(const struct store *store, const char *name, char out_id[ID_SIZE])
{
	char id[ID_SIZE + 1];
	if (!id_is_name(name))
		return 0;
	ssize_t n = readlinkat(store->run_fd, name_path(name).text, id, sizeof(id));
	if (n != ID_LEN)
		return 0;
	memcpy(out_id, id, ID_LEN);
	out_id[ID_LEN] = '\0';
	return id_is_prefix(out_id) ? 1 : 0;
}

int names_reserve(const struct store *store, const char *name, const char *id, struct err *err)
{
	if (!id_is_name(name))
		return err_set(err, ERR_INVALID,
			       "container name %.130s: only [a-zA-Z0-9][a-zA-Z0-9_.-]+, at most "
			       "128 characters",
			       name);
	if (symlinkat(id, store->run_fd, name_path(name).text) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "reserve container name %s", name);
	char owner[ID_SIZE] = "another one";
	names_lookup(store, name, owner);
	err_set(err, ERR_CONFLICT, "container name %s is in use by container %.12s", name, owner);
	return err_hint(err, "remove that container, or choose another name");
}

void names_release(const struct store *store, const char *name, const char *id)
{
	char owner[ID_SIZE];
	if (names_lookup(store, name, owner) == 1 && strcmp(owner, id) == 0)
		unlinkat(store->run_fd, name_path(name).text, 0);
}

/* A damaged or absent record is the business of whoever lists containers. */
static void rebuild_one(const struct store *store, const char *id)
{
	char path[sizeof("containers//record") + ID_SIZE];
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *name = NULL;
	struct err err = { 0 };
	if (strlen(id) != ID_LEN || !id_is_prefix(id))
		return;
	snprintf(path, sizeof(path), "containers/%s/record", id);
	if (record_read(store->root_fd, path, &doc, &err) < 0)
		return;
	struct json_at root = json_root(doc);
	if (json_get_str(&root, "name", &name, &err) > 0 &&
	    names_reserve(store, name, id, &err) < 0)
		warn_say("%s", err.text);
}

int names_rebuild(const struct store *store, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(store->root_fd, "containers", &ids, err) < 0)
		return -1;
	for (size_t i = 0; i < ids.len; i++)
		rebuild_one(store, ids.items[i]);
	return 0;
}

int names_sweep(const struct store *store, const char *id, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(store->run_fd, "names", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		char owner[ID_SIZE];
		const char *name = names.items[i];
		if (names_lookup(store, name, owner) == 0)
			continue;
		bool is_stale = faccessat(store->containers_fd, owner, F_OK, AT_SYMLINK_NOFOLLOW) <
					0 &&
				errno == ENOENT;
		if (is_stale || (id != NULL && strcmp(owner, id) == 0))
			unlinkat(store->run_fd, name_path(name).text, 0);
	}
	return 0;
}
